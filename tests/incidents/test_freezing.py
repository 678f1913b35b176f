"""Before SMS is disturbed, the evidence of what goes on there is taken: at once, bounded, or left out loudly."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse

from deployments.services import restarts
from incidents.models import EntryKind, Incident, Issue, Severity
from incidents.services import evidence, evidence_runs, incidents, lifecycle
from incidents.services.incidents import Sign
from smsops.models import Environment, RunState
from smsops.runs.plan import By
from tests.admin.browser import Browser
from tests.factories import make_admin, make_incident
from tests.incidents.servers import mute
from tests.places import Place, drive
from tests.runtimes.acts import launch

BY = By(name="test", reason="it hangs")
GONE = Sign("rows", Severity.CRITICAL, "Rows have gone", "students fell from 200 to 10", Issue.DATA)


@pytest.fixture
def ill(process_place: Place) -> Place:
    """A running SMS with an incident nobody has taken evidence of."""
    launch(process_place)
    incidents.report(process_place.environment, GONE)
    return process_place


def test_a_restart_first_takes_the_evidence_it_would_destroy(ill: Place) -> None:
    run = drive(restarts.restart(ill.environment, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    incident, step = Incident.objects.get(), run.steps.get(position=0)
    assert {piece.name for piece in incident.evidence.all()} == set(evidence.PIECES)
    began = run.steps.get(kind="restart.again").started_at
    assert began is not None
    assert all(piece.taken_at < began for piece in incident.evidence.all())
    assert "log.txt" in step.output


def test_where_it_is_there_already_nothing_comes_first(ill: Place) -> None:
    evidence.collect(Incident.objects.get())
    run = drive(restarts.restart(ill.environment, BY))
    assert not run.steps.filter(position=0).exists()


@pytest.mark.parametrize("issue", [Issue.SECURITY, Issue.UNKNOWN])
def test_other_kinds_of_incident_keep_nobody_waiting(environment: Environment, issue: Issue) -> None:
    make_incident(environment, issue=issue)
    assert evidence_runs.before_a_change(environment) == []


def test_one_that_is_over_keeps_nobody_waiting(environment: Environment) -> None:
    incident = make_incident(environment, issue=Issue.SERVICE)
    assert evidence_runs.before_a_change(environment) != []
    lifecycle.resolve(incident, "It was the cable.")
    assert evidence_runs.before_a_change(environment) == []


def test_what_cannot_be_had_is_named_and_the_run_goes_on(ill: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    with mute() as server:
        monkeypatch.setitem(evidence.PIECES, "health.txt", lambda environment, secrets: _wait(server.ended))
        monkeypatch.setattr("incidents.steps.evidence.BOUND", 5.0)
        run = drive(restarts.restart(ill.environment, BY))
    assert run.state == RunState.SUCCEEDED, run.headline
    assert time.monotonic() - began < 60
    assert "Missing: health.txt" in run.steps.get(position=0).output
    notes = Incident.objects.get().timeline.filter(kind=EntryKind.EVIDENCE).values_list("text", flat=True)
    assert f"“{run.title}” goes on without health.txt: it could not be taken." in list(notes)


def _wait(ended: object) -> str:
    return str(ended.wait(30))  # type: ignore[attr-defined]


def test_the_confirmation_page_says_so_and_asks_why_not(ill: Place) -> None:
    address = reverse("admin:smsops_environment_do", args=[ill.environment.pk, "restart"])
    page = Browser(make_admin()).get(address)
    assert "it is taken first, for at most 20 s." in page.text
    assert 'name="at_once"' in page.html


def test_without_it_the_reason_is_on_the_timeline_for_everybody(ill: Place) -> None:
    address = reverse("admin:smsops_environment_do", args=[ill.environment.pk, "restart"])
    values = {"typed_name": ill.name, "reason": "it hangs", "at_once": "nobody can sign in"}
    browser = Browser(make_admin())
    browser.post(address, **values)
    run = ill.environment.runs.get(kind="restart")
    drive(run)
    assert not run.steps.filter(position=0).exists()
    assert not Incident.objects.get(fingerprint="rows").evidence.exists()
    told = Incident.objects.get(fingerprint="rows").timeline.get(
        kind=EntryKind.ACTION, text__contains="broke the glass"
    )
    assert told.text.endswith("goes without the evidence. nobody can sign in")
