"""How bad an incident is: by the table, suggested from facts, raised freely and lowered for a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import Detection, FactKind, Incident, Issue, Severity, SeverityChange, SeverityRule, Watch
from incidents.services import facts, incidents, severities, suggested_severity
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.factories import make_alert, make_watch
from tests.incidents.conftest import LATE

HIGH = replace(LATE, severity=Severity.HIGH)


@pytest.fixture
def incident(environment: Environment) -> Incident:
    return incidents.report(environment, HIGH)[0]


def test_it_is_raised_freely_and_lowered_only_for_a_reason(incident: Incident, somebody: User) -> None:
    severities.change(incident, "critical", somebody)
    with pytest.raises(WrongUse, match=r"^Say why it is less than critical\.$"):
        severities.change(incident, "low", somebody, "  ")
    severities.change(incident, "low", somebody, "One typo.")
    lines = list(incident.timeline.values_list("text", "author"))[-2:]
    assert lines == [("Raised from High to Critical.", "ada"), ("Lowered from Critical to Low. One typo.", "ada")]
    assert Incident.objects.get().severity == "low"


def test_nothing_becomes_what_it_is_and_nothing_closed_is_changed(incident: Incident, somebody: User) -> None:
    with pytest.raises(WrongUse, match="It is high already"):
        severities.change(incident, "high", somebody)
    Incident.objects.update(state="closed")
    with pytest.raises(WrongUse, match="It is closed"):
        severities.change(incident, "critical", somebody)


def test_what_a_person_lowered_is_raised_again_only_by_more_than_it_was(incident: Incident, somebody: User) -> None:
    severities.change(incident, "low", somebody, "Only the test school.")
    for told, expected in (("high", "low"), ("medium", "low"), ("critical", "critical"), ("high", "critical")):
        incidents.report(incident.environment, replace(LATE, severity=Severity(told), detail=told))
        assert (told, Incident.objects.get().severity) == (told, expected)


@pytest.mark.usefixtures("shipped_rows")
def test_the_response_time_is_the_tables(incident: Incident) -> None:
    assert severities.response_due_at(incident) - incident.detected_at == timedelta(minutes=30)
    SeverityRule.objects.filter(severity="high").update(response_minutes=7)
    assert severities.response("high") == timedelta(minutes=7)
    SeverityRule.objects.all().delete()
    assert severities.response("high") == timedelta(minutes=30)  # the runbook's, where the row is gone


def test_shipping_the_table_overwrites_no_row_of_an_operator(shipped_rows: None) -> None:
    SeverityRule.objects.filter(severity="critical").update(response_minutes=5, meaning="Ours.")
    SeverityRule.objects.filter(severity="low").delete()
    import_module("incidents.migrations.0013_severity_and_roles").fill(apps, None)
    rows = list(SeverityRule.objects.values_list("severity", "response_minutes", "meaning"))
    assert (len(rows), rows[0]) == (4, ("critical", 5, "Ours."))


def test_a_word_is_due_so_long_after_the_last_one_of_a_person(incident: Incident) -> None:
    rule = severities.rule("high")
    assert severities.word_due_at(incident, rule) == incident.detected_at + timedelta(hours=1)
    said = incident.timeline.create(kind="note", text="We look.", author="ada")
    incident.timeline.create(kind="sign", text="Still late.")
    assert severities.word_due_at(incident, rule) == said.at + timedelta(hours=1)


def down(**fields: Any) -> dict[str, Any]:
    return {"status": "down", "ready": False, **fields}


@pytest.mark.parametrize(
    ("watch", "suggested", "told"),
    [
        (down(), "critical", "SMS is down (looked just now)"),
        ({"ready": False}, None, ""),  # it is high already
        ({}, "medium", "SMS is healthy and ready, and no fact says worse (looked just now)"),
        ({"response_ms": 900}, "medium", "SMS is healthy and ready, and no fact says worse (looked just now)"),
        ({"response_ms": 1200}, "medium", "SMS takes 1200 ms to answer (looked just now)"),
        ({"response_ms": 2100}, None, ""),
        (down(looked_at=timezone.now() - timedelta(minutes=5)), None, ""),  # nobody knows
    ],
)
def test_what_the_watcher_sees_speaks_for_a_severity(
    incident: Incident, watch: dict[str, Any], suggested: str | None, told: str
) -> None:
    make_watch(incident.environment, **watch)
    Incident.objects.update(issue="service")
    found = suggested_severity.of(Incident.objects.get())
    assert (found.severity, found.reasons[0]) == (suggested, told) if suggested and found else found is None


@pytest.mark.parametrize(("slow_ms", "told"), [(500, "SMS takes 700 ms to answer"), (0, "SMS is healthy and ready")])
def test_slow_is_what_the_environment_calls_slow(incident: Incident, slow_ms: int, told: str) -> None:
    Detection.objects.create(environment=incident.environment, slow_ms=slow_ms)
    make_watch(incident.environment, response_ms=700)
    Incident.objects.update(issue="service")
    found = suggested_severity.of(Incident.objects.get())
    assert found is not None
    assert found.reasons[0].startswith(told)


def test_a_suggestion_names_its_facts_in_one_sentence(incident: Incident) -> None:
    Incident.objects.update(issue=Issue.DATA)
    make_watch(incident.environment)  # that SMS is well says nothing about its data
    facts.establish(incident, FactKind.ROWS_LOST, "12 students")
    make_alert(incident=incident, severity="critical", name="Corrupt")
    found = suggested_severity.of(Incident.objects.get())
    assert found is not None
    assert found.sentence == "By the facts it is critical, not high: rows are lost; the alert “Corrupt” fires."
    assert found.higher


def test_a_severity_knows_who_chose_it(incident: Incident, somebody: User) -> None:
    severities.change(incident, "critical", somebody)
    assert list(SeverityChange.objects.values_list("severity", "author")) == [("high", ""), ("critical", "ada")]
    assert not Watch.objects.exists()
