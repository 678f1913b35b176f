"""A broken glass cannot be overlooked: it is on every live incident's timeline, or an incident of its own."""

from __future__ import annotations

import pytest

from incidents import receivers
from incidents.models import Incident, IncidentState, Severity
from incidents.services import incidents
from smsops.models import Environment, Run
from smsops.runs import plan
from smsops.runs.plan import By, Plan, PlannedStep
from tests.factories import make_incident

WHY = "the school is locked out"


@pytest.fixture
def careful(environment: Environment) -> Environment:
    environment.second_person, environment.shell_breaks_glass = "disturbing", True
    environment.save()
    return environment


def break_glass(environment: Environment) -> Run:
    wanted = Plan("restart", "Restart demo", environment, (PlannedStep("switch.stop"),), disturbs=True)
    return plan.submit(wanted, By("command", name="maria", reason=WHY, break_glass=True))


def test_with_no_incident_there_it_opens_one_that_says_who_and_why(careful: Environment) -> None:
    run = break_glass(careful)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity, incident.run) == ("The glass was broken at demo", Severity.MEDIUM, run)
    said = incident.timeline.get(kind="sign").text
    assert said == f"maria broke the glass: “Restart demo” (run {run.pk}) goes without a second person. {WHY}"


def test_every_live_incident_there_has_it_on_its_timeline(careful: Environment) -> None:
    live = [make_incident(careful), make_incident(careful, state=IncidentState.MITIGATED)]
    run = break_glass(careful)
    for incident in live:
        entry = incident.timeline.get(kind="action")
        assert (entry.author, entry.run, WHY in entry.text) == ("maria", run, True)
    assert Incident.objects.count() == 2


def test_incidents_that_are_over_or_elsewhere_do_not_count(careful: Environment) -> None:
    others = [make_incident(careful, state=IncidentState.CLOSED), make_incident()]
    break_glass(careful)
    assert not [each for each in others if each.timeline.filter(kind="action").exists()]
    assert Incident.objects.count() == 3


@pytest.mark.parametrize("already", [True, False])
def test_news_of_it_that_come_twice_are_written_once(careful: Environment, already: bool) -> None:
    if already:
        make_incident(careful)
    run = break_glass(careful)
    before = list(Incident.objects.get().timeline.values_list("kind", "text"))
    said = Incident.objects.get().timeline.filter(text__contains="broke the glass").get().text
    receivers.runs.on_glass_broken(run=run, author="maria", said=said)
    assert list(Incident.objects.get().timeline.values_list("kind", "text")) == before


def test_it_stays_until_a_person_has_looked(careful: Environment) -> None:
    run = break_glass(careful)
    run.state = "succeeded"
    run.disturbs = False
    run.save()
    receivers.runs.on_ended(run=run)
    assert incidents.live(careful, f"glass:{run.pk}") is not None
