"""One root cause opens one incident: what comes back flaps, what is behind a symptom takes its incident over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents import fingerprints
from incidents.detection import causes, flapping
from incidents.models import Detection, Incident, Severity
from incidents.services import lifecycle
from incidents.services.incidents import Sign
from smsops.models import Environment, RunState
from tests.factories import make_incident, make_run, make_user

pytestmark = pytest.mark.django_db
DOWN = Sign("service", Severity.CRITICAL, "SMS does not answer", "no answer")
BLANK = Sign(fingerprints.PAGE, Severity.HIGH, "Users see a blank page", "no bundle")
SLOW = Sign(fingerprints.SLOW, Severity.MEDIUM, "SMS is slow", "it took 3 s")
LATER = timedelta(minutes=6)


def over(minutes: float, **fields: object) -> None:
    """It was called over so long ago."""
    lifecycle.resolve(Incident.objects.get(), "SMS is healthy and ready again.")
    Incident.objects.update(resolved_at=timezone.now() - timedelta(minutes=minutes), **fields)


def test_what_comes_back_soon_is_the_same_incident_and_flaps(environment: Environment) -> None:
    first, _ = causes.report(environment, DOWN)
    over(minutes=29)
    again, new = causes.report(environment, DOWN)
    again.refresh_from_db()
    assert (again.pk, new, again.state, again.flapping, again.reopened) == (first.pk, False, "open", True, 1)
    assert "Open. It has come back: SMS does not answer." in again.timeline.values_list("text", flat=True)


def test_what_comes_back_late_or_after_a_persons_word_or_is_closed_is_another(environment: Environment) -> None:
    causes.report(environment, DOWN)
    over(minutes=31)
    second, new = causes.report(environment, DOWN)
    assert new
    lifecycle.resolve(second, "I mended it.", make_user())
    third, new = causes.report(environment, DOWN)
    assert new
    lifecycle.resolve(third, "")
    Incident.objects.filter(pk=third.pk).update(state="closed")
    assert causes.report(environment, DOWN)[1]


def test_an_environment_may_say_that_nothing_flaps(environment: Environment) -> None:
    Detection.objects.create(environment=environment, flap_minutes=0)
    causes.report(environment, DOWN)
    over(minutes=0)
    assert causes.report(environment, DOWN)[1]


def test_one_that_flaps_is_over_only_when_all_was_well_for_a_while(environment: Environment) -> None:
    incident = make_incident(environment, fingerprint="service", flapping=True)
    now = timezone.now()
    for since in (None, now - timedelta(minutes=9), now - timedelta(minutes=9)):
        assert not flapping.end(incident, "SMS is well again.", since)
    assert incident.timeline.filter(text__startswith="SMS is well again. It flaps").count() == 1
    assert flapping.end(incident, "SMS is well again.", now - timedelta(minutes=10))
    assert not Incident.objects.get().live


def test_a_symptom_joins_the_incident_about_its_cause(environment: Environment) -> None:
    known, _ = causes.report(environment, DOWN)
    for symptom in (BLANK, SLOW, Sign("log:1", Severity.HIGH, "Log: Errors", "500")):
        assert causes.report(environment, symptom) == (known, False)
    assert known.timeline.filter(kind="sign").count() == 4


def test_data_at_risk_is_never_taken_for_a_symptom(environment: Environment) -> None:
    causes.report(environment, DOWN)
    damaged = Sign("log:1", Severity.CRITICAL, "Log: Damaged", "malformed", "data")  # type: ignore[arg-type]
    assert causes.report(environment, damaged)[1]


def test_the_incident_of_a_symptom_becomes_the_one_about_its_cause(environment: Environment) -> None:
    first, _ = causes.report(environment, SLOW)
    assert causes.report(environment, BLANK) == (first, False)
    assert causes.report(environment, DOWN) == (first, False)
    first.refresh_from_db()
    assert (first.fingerprint, first.title, first.severity) == ("service", "SMS does not answer", "critical")


def test_symptoms_of_long_ago_are_of_another_cause(environment: Environment) -> None:
    causes.report(environment, SLOW)
    Incident.objects.update(detected_at=timezone.now() - LATER)
    assert causes.report(environment, BLANK)[1]
    Incident.objects.update(detected_at=timezone.now() - LATER)
    assert causes.report(environment, DOWN)[1]


def test_sms_that_is_away_after_a_change_of_ours_failed_is_the_incident_of_that(environment: Environment) -> None:
    run = make_run(environment, kind="deploy", state=RunState.NEEDS_HUMAN)
    failed, _ = causes.report(environment, Sign(f"run:{run.pk}", Severity.HIGH, "Deploy needs a person", "stuck"), run)
    assert causes.report(environment, DOWN) == (failed, False)
    failed.refresh_from_db()
    assert failed.severity == Severity.CRITICAL
