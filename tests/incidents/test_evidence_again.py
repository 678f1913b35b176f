"""An incident that was not over after all has evidence of each time, and what was taken before stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from incidents.models import Evidence, Incident, Severity, Triage
from incidents.services import doorbell, evidence, evidence_runs, first_look, lifecycle, suggestions, triage
from smsops.models import RunState
from smsops.runs.plan import By
from tests.factories import make_incident, make_user
from tests.incidents.test_evidence import text
from tests.incidents.test_first_look import opened
from tests.places import Place, drive
from tests.runtimes.acts import kill_for_good, launch

BY = By(name="test")


def over(incident: Incident) -> Incident:
    lifecycle.resolve(incident, "SMS is healthy and ready again.")
    return incident


def come_back(incident: Incident) -> Incident:
    """smsops called it over, and it was not."""
    over(incident)
    lifecycle.relapse(incident, "It has come back.")
    return Incident.objects.get(pk=incident.pk)


def test_what_broke_it_the_second_time_is_taken_beside_what_did_the_first_time(process_place: Place) -> None:
    launch(process_place)
    kill_for_good(process_place)
    incident = opened(process_place.environment)
    first_look.look(incident.pk)
    before = list(Evidence.objects.values("name", "sha256", "path"))
    incident = come_back(incident)
    assert set(evidence.missing(incident)) == set(evidence.PIECES)
    first_look.look(incident.pk)
    assert list(Evidence.objects.filter(time=0).values("name", "sha256", "path")) == before
    assert {piece.name for piece in incident.evidence.filter(time=1)} == {f"time-2-{name}" for name in evidence.PIECES}
    assert "GET /health: " in text(incident, "time-2-health.txt")
    assert not evidence.missing(incident)


def test_it_is_looked_at_anew_and_the_first_look_of_before_stays(process_place: Place) -> None:
    incident = opened(process_place.environment)
    triage.take(incident)
    assert not triage.waiting()
    incident = come_back(incident)
    assert [number for number, _ in triage.waiting()] == [incident.pk]
    triage.take(incident)
    assert list(Triage.objects.order_by("time").values_list("time", flat=True)) == [0, 1]
    assert not triage.waiting()


def reopened(incident: Incident) -> None:
    lifecycle.reopen(over(incident), "It was not over.", make_user())


@pytest.mark.django_db
@pytest.mark.parametrize("again", [come_back, reopened])
def test_somebody_rings_for_it_whoever_reopened_it(
    again: Callable[[Incident], object], django_capture_on_commit_callbacks: Any
) -> None:
    incident = make_incident()
    doorbell._RUNG.clear()
    with django_capture_on_commit_callbacks() as asked:
        again(incident)
    assert incident.pk in doorbell._RUNG
    assert any(callback.__qualname__.startswith("ring_on_commit") for callback in asked)


def test_all_of_it_is_owed_once_each_time(process_place: Place) -> None:
    launch(process_place)
    incident = opened(process_place.environment)
    assert drive(evidence_runs.start(incident, BY)).state == RunState.SUCCEEDED
    assert not evidence_runs.owed()
    incident = come_back(incident)
    assert evidence_runs.owed() == [incident]
    assert drive(evidence_runs.start(incident, BY)).state == RunState.SUCCEEDED
    assert not evidence_runs.owed()
    assert {"manifest.json", "time-2-manifest.json", "time-2-full-log.txt.zst"} <= set(
        incident.evidence.values_list("name", flat=True)
    )


def test_a_run_that_disturbs_sms_takes_what_this_time_would_lose(process_place: Place) -> None:
    launch(process_place)
    incident = opened(process_place.environment)
    evidence.collect(incident)
    assert not evidence_runs.uncollected(process_place.environment)
    come_back(incident)
    assert evidence_runs.uncollected(process_place.environment) == [incident]


@pytest.mark.django_db
def test_what_it_looks_like_is_said_of_the_last_time() -> None:
    incident = make_incident(severity=Severity.HIGH)
    evidence.keep(incident, "log.txt", "database disk image is malformed\n")
    incident = come_back(incident)
    assert "malformed" in suggestions.gathered(incident)["log"]
    evidence.keep(incident, "log.txt", "no space left on device\n")
    assert suggestions.gathered(incident)["log"] == "no space left on device\n"
