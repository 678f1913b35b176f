"""Escalations as rows: begun, moved by time and facts, ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from backups.models import BackupSchedule
from incidents.models import (
    EscalationPolicy,
    FactKind,
    Incident,
    Page,
    PolicyLevel,
    Severity,
)  # fmt: skip
from incidents.services import escalations, facts, incidents, lifecycle, pages, stepping
from smsops.models import Environment
from tests.paging.conftest import Clock, asked, opened, running, said, stepped
from tests.paging.people import DOWN, policy
from tests.smsops.crowd import together

pytestmark = pytest.mark.django_db


def test_levels_follow_each_other_with_reminders_between(clock: Clock, environment: Environment, two: Any) -> None:
    incident = opened(environment)
    for _ in range(4):
        stepped()
        clock.forward(minutes=5)
    assert asked(incident) == [("ada", 1), ("ada", 1), ("ada", 1), ("ada", 1), ("bo", 2)]


def test_a_step_is_done_by_one_of_many_who_try_at_once(
    transactional_db: None, environment: Environment, two: Any
) -> None:
    incident = opened(environment)
    number = running(incident).pk
    written = together(8, lambda: stepping.step(number))
    assert sorted(written) == [0] * 7 + [1]
    assert asked(incident) == [("ada", 1)]


def test_nothing_is_left_to_send_of_one_that_is_resolved(clock: Clock, environment: Environment, two: Any) -> None:
    incident = opened(environment)
    stepped()
    lifecycle.resolve(incident, "Done.")
    assert not Page.objects.filter(state="pending", kind__in=pages.ASKS).exists()
    clock.forward(hours=1)
    assert stepped() == 0


@pytest.mark.parametrize(("kind", "names"), [(FactKind.INTEGRITY_FAILED, ["ada", "bo"]), (FactKind.ROWS_LOST, ["ada"])])
def test_a_fact_brings_its_level_with_the_next_sweep(
    clock: Clock, environment: Environment, ada: User, bo: User, kind: FactKind, names: list[str]
) -> None:
    policy({"users": [ada]}, {"users": [bo], "condition": "integrity_failed"})
    incident = opened(environment)
    stepped()
    lifecycle.acknowledge(incident, ada)
    facts.establish(incident, kind, "PRAGMA integrity_check: row 5 missing")
    clock.forward(minutes=1)
    stepped()
    assert [name for name, _ in asked(incident)] == names


def test_nobody_is_asked_twice_in_one_step_by_two_levels(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    policy({"users": [ada]}, {"users": [ada, bo], "after_minutes": 5})
    incident = opened(environment)
    clock.forward(hours=1)
    stepped()
    assert asked(incident) == [("ada", 1), ("bo", 2)]


def test_people_who_were_deleted_since_are_told_of_and_the_others_are_paged(
    clock: Clock, environment: Environment, ada: User, bo: User
) -> None:
    policy({"users": [ada, bo]})
    incident = opened(environment)
    ada.delete()
    stepped()
    assert asked(incident) == [("bo", 1)]
    assert "somebody it names may not sign in any more" in said(incident)


def test_changes_of_the_policy_do_not_reach_what_goes_on(
    clock: Clock, environment: Environment, two: Any, bo: User
) -> None:
    incident = opened(environment)
    PolicyLevel.objects.filter(position=1).get().users.set([bo])
    EscalationPolicy.objects.update(enabled=False)
    stepped()
    assert asked(incident) == [("ada", 1)]


def test_a_policy_without_levels_is_passed_over(environment: Environment, two: Any) -> None:
    policy(name="Unfinished", environment=environment, issue="service")
    assert running(opened(environment)).policy["name"] == "Everything"


@pytest.mark.parametrize("names", [["here", "here and this"], ["this"], []])
def test_the_closest_policy_counts(environment: Environment, ada: User, names: list[str]) -> None:
    here: dict[str, Any] = {"environment": environment}
    this: dict[str, Any] = {"issue": "service"}
    kinds = {"any": {}, "here": here, "this": this, "here and this": here | this}
    for name in ["any", *names]:
        policy({"users": [ada]}, name=name, **kinds[name])
    assert running(opened(environment)).policy["name"] == (names[-1] if names else "any")


def test_what_is_not_bad_enough_pages_nobody_until_it_is(clock: Clock, environment: Environment, two: Any) -> None:
    incident = opened(environment, replace(DOWN, severity=Severity.LOW))
    assert stepped() == 0
    incidents.set_severity(incident, Severity.HIGH, "Raised.")
    stepped()
    assert asked(incident) == [("ada", 1)]
    incidents.set_severity(incident, Severity.LOW, "It was a typo.")
    assert not incident.escalations.filter(ended_at=None).exists()


def test_after_an_outage_a_page_says_how_late_it_is_and_why(clock: Clock, environment: Environment, two: Any) -> None:
    incident = opened(environment)
    clock.forward(minutes=7)
    stepping.step(running(incident).pk, "nobody was there to do it from 03:02:00 to 03:09:00")
    assert Page.objects.get().late == "7 min late: nobody was there to do it from 03:02:00 to 03:09:00"


def test_office_hours_are_those_of_the_environment(clock: Clock, environment: Environment, ada: User) -> None:
    BackupSchedule.objects.create(environment=environment, time_zone="Pacific/Kiritimati")  # UTC+14
    clock.now = clock.now.replace(year=2026, month=3, day=4, hour=17, minute=0)  # Thursday 07:00 there
    policy({"users": [ada], "office_hours": True})
    incident = opened(environment)
    assert stepped() == 0
    clock.forward(hours=1)
    stepped()
    assert asked(incident) == [("ada", 1)]


def test_a_storm_of_signs_of_one_cause_pages_everybody_once(environment: Environment, two: Any) -> None:
    for number in range(50):
        incidents.report(environment, replace(DOWN, detail=f"sign {number}"))
    stepped()
    assert asked(Incident.objects.get()) == [("ada", 1)]


def test_a_title_from_outside_stays_one_line_of_plain_text(environment: Environment, two: Any) -> None:
    opened(environment, replace(DOWN, title="Down\r\nBcc: eve@evil.example\x1b[2J\u202e <b>"))
    stepped()
    first = Page.objects.get(kind="page").text.partition("\n")[0]
    assert first.isprintable()
    assert "\u202e" not in first


def test_reopening_the_escalation_of_a_running_one_makes_no_second(environment: Environment, two: Any) -> None:
    incident = opened(environment)
    assert escalations.begin(incident) == running(incident)
