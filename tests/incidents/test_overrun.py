"""Changes of ours: they excuse what they disturb for as long as their kind takes, and page when they take longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.detection import overrun
from incidents.models import Detection, Incident
from incidents.services import quiet, watching
from smsops.models import Environment, Phase, Run, RunState, StepState
from tests.factories import make_run, make_step

pytestmark = pytest.mark.django_db


def running(environment: Environment, minutes: float) -> Run:
    since = timezone.now() - timedelta(minutes=minutes)
    state = {"kind": "deploy", "title": "Deploy 2.0.0", "disturbs": True, "state": RunState.RUNNING}
    return make_run(environment, started_at=since, created_at=since, **state)


def took(environment: Environment, minutes: float) -> None:
    now = timezone.now() - timedelta(days=1)
    make_run(environment, kind="deploy", started_at=now - timedelta(minutes=minutes), finished_at=now)


@pytest.mark.parametrize(
    ("past", "minutes", "excused"),
    [([], 19, True), ([], 21, False), ([1, 1], 4, True), ([1, 1], 6, False), ([1] * 8 + [12, 15], 11, True),
     ([1] * 8 + [12, 15], 13, False)],
)  # fmt: skip
def test_a_change_excuses_as_long_as_nine_in_ten_of_its_kind_took_with_a_floor(
    environment: Environment, past: list[float], minutes: float, excused: bool
) -> None:
    for each in past:
        took(environment, each)
    running(environment, minutes)
    assert bool(overrun.excuse(environment)) == excused
    assert bool(quiet.at(environment).reason("service", {})) == excused


def test_what_is_not_about_sms_being_away_is_not_excused(environment: Environment) -> None:
    running(environment, 1)
    in_force = quiet.at(environment)
    assert [issue for issue in ("service", "data", "security", "unknown") if in_force.reason(issue, {})] == ["service"]


def test_sms_may_be_away_for_the_rto_however_long_the_preparation_took(environment: Environment) -> None:
    for _ in range(2):
        took(environment, 60)
    run = running(environment, 50)
    began = timezone.now() - timedelta(minutes=19)
    step = make_step(run, phase=Phase.EXECUTE, state=StepState.RUNNING, started_at=began, finished_at=None)
    assert overrun.excuse(environment)
    step.started_at = began - timedelta(minutes=2)
    step.save()
    assert not overrun.excuse(environment)


def test_a_change_that_takes_too_long_is_an_incident_of_its_own_that_pages(environment: Environment) -> None:
    Detection.objects.create(environment=environment, overrun_minutes=2)
    took(environment, 1)
    run = running(environment, 1)
    watching.due()
    watching.look_now(environment.pk)
    assert not Incident.objects.exists()
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(minutes=3))
    for _ in range(2):
        watching.look_now(environment.pk)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == ("Deploy 2.0.0 takes too long", "critical")
    assert (incident.run, incident.timeline.filter(kind="sign").count()) == (run, 1)
    assert quiet.of(incident, timezone.now()) == ""
