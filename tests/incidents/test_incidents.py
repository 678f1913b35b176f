"""Incidents: opened once per root cause, joined by later signs, moved along their table."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from incidents import selectors
from incidents.models import INCIDENT_TABLE, LIVE, Incident, IncidentState, Severity
from incidents.services import incidents, lifecycle, severities
from smsops.errors import WrongUse
from smsops.models import Environment
from tests.factories import make_backup
from tests.incidents.conftest import LATE
from tests.smsops.crowd import together


def opened(environment: Environment, **changes: Any) -> Incident:
    return incidents.report(environment, replace(LATE, **changes))[0]


def texts(incident: Incident) -> list[str]:
    return [entry.text for entry in incident.timeline.all()]


def test_twenty_who_report_the_same_at_once_open_one_incident(transactional_db: None, environment: Environment) -> None:
    new = together(20, lambda: incidents.report(environment, LATE)[1])
    assert sorted(new) == [False] * 19 + [True]
    assert texts(Incident.objects.get()).count(LATE.detail) == 1


def test_a_new_incident_says_what_how_bad_and_since_when(environment: Environment) -> None:
    incident, new = incidents.report(environment, LATE)
    assert new
    assert (incident.title, incident.severity, incident.state) == (LATE.title, "medium", "open")
    assert texts(incident) == ["Opened as Medium: Something is late", "It is an hour late."]
    assert severities.response_due_at(incident) - incident.detected_at == timedelta(hours=1)


def test_a_sign_that_says_the_same_adds_nothing(environment: Environment) -> None:
    incident = opened(environment)
    before = texts(incident)
    again, new = incidents.report(environment, LATE)
    assert (again, new, texts(incident)) == (incident, False, before)


def test_a_sign_that_says_something_else_joins(environment: Environment) -> None:
    incident = opened(environment)
    opened(environment, detail="It is two hours late.")
    assert texts(incident)[2:] == ["It is two hours late."]


def test_another_cause_or_another_environment_is_another_incident(environment: Environment) -> None:
    other = Environment.objects.create(name="other", instance="other", host_port=8081)
    found = {opened(environment), opened(environment, fingerprint="early"), opened(other)}
    assert len(found) == Incident.objects.count() == 3


def test_the_severity_rises_and_never_falls(environment: Environment) -> None:
    incident = opened(environment)
    for severity in (Severity.HIGH, Severity.LOW, Severity.CRITICAL, Severity.MEDIUM):
        opened(environment, severity=severity)
    incident.refresh_from_db()
    assert incident.severity == Severity.CRITICAL
    assert [text for text in texts(incident) if text.startswith("Raised")] == [
        "Raised to High: Something is late",
        "Raised to Critical: Something is late",
    ]


def test_who_read_it_before_it_became_worse_makes_it_no_better(environment: Environment) -> None:
    stale, incident = opened(environment), Incident.objects.get()
    incidents.set_severity(incident, Severity.CRITICAL, "Raised.")
    Incident.objects.update(private=True, title="A key is stolen")
    incidents.join(stale, replace(LATE, severity=Severity.HIGH))
    assert Incident.objects.get().severity == Severity.CRITICAL
    assert (stale.severity, stale.private, stale.title) == (Severity.CRITICAL, True, "A key is stolen")


def test_a_sign_never_joins_what_was_resolved_just_now(
    environment: Environment, moved_meanwhile: Callable[[str], None]
) -> None:
    first = opened(environment)
    moved_meanwhile("resolved")
    second, new = incidents.report(environment, replace(LATE, detail="It is late again."))
    assert (new, second != first) == (True, True)
    assert "It is late again." not in texts(first)


def test_a_change_that_went_back_mitigates_what_somebody_has_just_taken_on(
    environment: Environment, somebody: User
) -> None:
    stale, incident = opened(environment), Incident.objects.get()
    lifecycle.acknowledge(incident, somebody)
    lifecycle.mitigate(stale, "It was undone.")
    assert Incident.objects.get().state == IncidentState.MITIGATED


def test_trouble_that_comes_back_after_the_end_is_a_new_incident(environment: Environment) -> None:
    first = opened(environment)
    lifecycle.resolve(first, "It is over.")
    second, new = incidents.report(environment, LATE)
    assert new
    assert second != first


def test_nothing_secret_gets_onto_the_timeline(environment: Environment) -> None:
    incident = opened(environment, title="mail to a@b.example", detail="SECRET_KEY=abcdefgh and token: xyzzy123")
    told = " ".join([incident.title, *texts(incident)])
    assert not [word for word in ("a@b.example", "abcdefgh", "xyzzy123") if word in told]


Move = Callable[[Incident, User], None]
MOVES: dict[str, Move] = {
    "acknowledged": lambda incident, user: lifecycle.acknowledge(incident, user),
    "resolved": lambda incident, user: lifecycle.resolve(incident, "Fixed.", user),
    "closed": lambda incident, user: lifecycle.close(incident, "Done.", user),
    "open": lambda incident, user: lifecycle.reopen(incident, "Again.", user),
}


@pytest.mark.parametrize("now", IncidentState.values)
@pytest.mark.parametrize("to", MOVES)
def test_an_incident_moves_along_its_table_and_nowhere_else(
    environment: Environment, somebody: User, now: str, to: str
) -> None:
    incident = opened(environment)
    Incident.objects.update(state=now)
    incident.refresh_from_db()
    if to in INCIDENT_TABLE[now]:
        MOVES[to](incident, somebody)
        assert incident.state == to
        assert incident.timeline.last().author == "ada"  # type: ignore[union-attr]
        return
    sentence = f"An incident that is {now} cannot become {to}."
    with pytest.raises(WrongUse, match=sentence):
        MOVES[to](incident, somebody)
    incident.refresh_from_db()
    assert incident.state == now


def test_the_table_is_the_one_people_know() -> None:
    wanted = {
        "open": {"acknowledged", "mitigated", "resolved"},
        "acknowledged": {"mitigated", "resolved", "open"},
        "mitigated": {"resolved", "open"},
        "resolved": {"closed", "open"},
        "closed": {"open"},
    }
    assert dict(INCIDENT_TABLE) == wanted
    assert {"open", "acknowledged", "mitigated"} == LIVE


def test_every_move_sets_its_clock(environment: Environment, somebody: User) -> None:
    incident = opened(environment)
    lifecycle.acknowledge(incident, somebody)
    assert (incident.acknowledged_by, incident.mitigated_at) == (somebody, None)
    lifecycle.mitigate(incident, "Users are served.")
    lifecycle.resolve(incident, "Fixed.", somebody)
    lifecycle.close(incident, "Done.", somebody)
    incident.refresh_from_db()
    clocks = [incident.detected_at, incident.acknowledged_at, incident.mitigated_at]
    clocks += [incident.resolved_at, incident.closed_at]
    times = [clock for clock in clocks if clock is not None]
    assert len(times) == 5
    assert times == sorted(times)
    assert incident.resolution == "Fixed."


def test_what_is_resolved_at_once_counts_as_mitigated_then(environment: Environment) -> None:
    incident = opened(environment)
    lifecycle.resolve(incident, "It was nothing.")
    assert incident.mitigated_at == incident.resolved_at
    assert incident.seconds == pytest.approx(0, abs=5)


def test_mitigating_what_is_past_that_changes_nothing(environment: Environment) -> None:
    incident = opened(environment)
    lifecycle.resolve(incident, "Over.")
    lifecycle.mitigate(incident, "Users are served.")
    assert incident.state == IncidentState.RESOLVED


def test_a_reopened_incident_has_no_end(environment: Environment, somebody: User) -> None:
    incident = opened(environment)
    lifecycle.resolve(incident, "Over.")
    lifecycle.reopen(incident, "It was not.", somebody)
    incident.refresh_from_db()
    assert (incident.resolved_at, incident.mitigated_at, incident.live) == (None, None, True)


AGAIN: dict[str, Move] = {
    "by a person": lambda incident, user: lifecycle.reopen(incident, "It was not.", user),
    "by itself": lambda incident, user: lifecycle.relapse(incident, "It has come back."),
}


@pytest.mark.parametrize("again", AGAIN)
def test_nobody_has_what_is_open_again_and_who_had_it_first_when_stays(
    environment: Environment, somebody: User, again: str
) -> None:
    incident = opened(environment)
    lifecycle.acknowledge(incident, somebody)
    first = incident.acknowledged_at
    lifecycle.resolve(incident, "Over.")
    AGAIN[again](incident, somebody)
    found = Incident.objects.get()
    assert (found.acknowledged_by, found.taken_at, found.acknowledged_at) == (None, None, first)


def test_what_has_come_back_on_its_own_cannot_be_reopened(environment: Environment, somebody: User) -> None:
    incident = opened(environment)
    lifecycle.resolve(incident, "Over.")
    opened(environment)
    with pytest.raises(WrongUse, match="has come back and has an incident of its own"):
        lifecycle.reopen(incident, "It was not.", somebody)


def test_of_two_who_move_it_at_once_the_second_is_told(environment: Environment, somebody: User) -> None:
    incident = opened(environment)
    stale = Incident.objects.get()
    lifecycle.acknowledge(incident, somebody)
    with pytest.raises(WrongUse, match="Somebody else has just changed this incident"):
        lifecycle.resolve(stale, "Over.", somebody)
    assert Incident.objects.get().state == IncidentState.ACKNOWLEDGED


def test_trouble_that_is_reported_while_it_is_resolved_is_always_an_incident(
    transactional_db: None, environment: Environment
) -> None:
    errors, ended = list[Exception](), threading.Event()

    def report() -> None:
        """Again and again; the last time after nobody resolves any more."""
        last = False
        try:
            while not last:
                last = ended.is_set()
                incidents.report(environment, LATE)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=report) for _ in range(3)]
    for thread in threads:
        thread.start()
    began, resolved = time.monotonic(), 0
    while not errors and (time.monotonic() < began + 2 or resolved <= 3) and time.monotonic() < began + 60:
        resolved += Incident.objects.filter(state="open").update(state="resolved")
    ended.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert resolved > 3
    assert (Incident.objects.filter(state="open").count(), Incident.objects.count()) == (1, resolved + 1)


def test_the_good_backup_before_a_live_incident_is_needed_and_no_other(environment: Environment) -> None:
    now = opened(environment).detected_at
    make_backup(environment, identifier="adopted", taken_at=now - timedelta(hours=4), reason="adopted")
    assert set(selectors.needed_backups(environment)) == {"adopted"}  # there is no other
    make_backup(environment, identifier="good", taken_at=now - timedelta(hours=3))
    make_backup(environment, identifier="elsewhere", taken_at=now - timedelta(hours=2), here=False)
    make_backup(environment, identifier="stored", taken_at=now - timedelta(hours=1), proof="stored")
    make_backup(environment, identifier="damaged", taken_at=now - timedelta(hours=1), damage="bit rot")
    make_backup(environment, identifier="since", taken_at=now + timedelta(seconds=1), proof="stored")
    assert set(selectors.needed_backups(environment)) == {"good", "elsewhere", "since"}
