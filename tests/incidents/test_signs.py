"""From what was seen to signs of trouble, with the severities of runbook §5.1."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from incidents import fingerprints
from incidents.models import RESPONSE, Severity
from incidents.services import signs
from smsops.health import Health
from smsops.runtimes.base import Event, Instance, Status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WELL = Instance("sms-app", "id", "image", "1.18.1", Status.RUNNING)


def death(seconds_ago: float, code: int = 137, action: str = "die") -> Event:
    return Event(NOW - timedelta(seconds=seconds_ago), action, code)


def of(found: Instance | None, known: int = 0, *events: Event) -> tuple[str, str]:
    sign = signs.of_instance(found, known, events, NOW)
    return (sign.title, sign.severity) if sign else ("", "")


SEEN: dict[str, tuple[Instance | None, int, tuple[Event, ...]]] = {
    "SMS is gone": (None, 0, ()),
    "SMS has stopped": (replace(WELL, status=Status.EXITED, exit_code=0), 0, ()),
    "SMS runs out of memory": (replace(WELL, oom_killed=True, restarts=1), 0, (death(1),)),
    "SMS is in a crash loop": (replace(WELL, restarts=3), 0, (death(9), death(5), death(1))),
    "SMS died": (replace(WELL, restarts=1), 0, (death(1),)),
}


@pytest.mark.parametrize("title", SEEN)
def test_an_sms_that_does_not_serve_is_critical(title: str) -> None:
    found, known, events = SEEN[title]
    assert of(found, known, *events) == (title, Severity.CRITICAL)


def test_an_sms_that_runs_and_did_not_die_is_no_sign() -> None:
    assert of(WELL) == ("", "")
    assert of(replace(WELL, restarts=7), 7, Event(NOW, "start"), Event(NOW, "stop")) == ("", "")


def test_a_restart_is_a_sign_also_when_the_engine_has_forgotten_the_death() -> None:
    assert of(replace(WELL, restarts=1), 0) == ("SMS died", Severity.CRITICAL)


def test_three_restarts_since_the_last_look_are_a_crash_loop() -> None:
    assert of(replace(WELL, restarts=5), 2)[0] == "SMS is in a crash loop"
    assert of(replace(WELL, restarts=4), 2)[0] == "SMS died"


def test_two_deaths_within_a_minute_are_no_loop_yet() -> None:
    assert of(replace(WELL, restarts=2), 1, death(90), death(40), death(2))[0] == "SMS died"


def test_the_engines_word_for_memory_counts_also_without_its_flag() -> None:
    assert of(WELL, 0, death(1, 137, "oom"))[0] == "SMS runs out of memory"


def test_an_instance_that_was_never_started_has_stopped() -> None:
    assert of(replace(WELL, status=Status.CREATED, error="port is taken"))[0] == "SMS has stopped"


def test_the_exit_code_is_told() -> None:
    sign = signs.of_instance(replace(WELL, restarts=1), 0, [death(1, 3)], NOW)
    assert sign is not None
    assert sign.detail == "It died (exit code 3) and was started again by the engine."


HEALTH = {
    "down": ("SMS does not answer", Severity.CRITICAL),
    "unhealthy": ("SMS is unhealthy", Severity.CRITICAL),
    "degraded": ("SMS is not ready", Severity.HIGH),
    "healthy": ("SMS is not ready", Severity.HIGH),
}


@pytest.mark.parametrize("status", HEALTH)
def test_bad_answers_have_the_severity_of_what_people_notice(status: str) -> None:
    sign = signs.of_health(Health(status, False, "why"), 2)
    assert sign is not None
    assert (sign.title, sign.severity) == HEALTH[status]
    assert (sign.detail, sign.fingerprint) == ("why", fingerprints.SERVICE)


def test_one_bad_answer_is_not_believed_yet() -> None:
    assert signs.of_health(Health("down", False, "why"), 1) is None


def test_a_good_answer_is_no_sign_whatever_was_before() -> None:
    assert signs.of_health(Health("healthy", True, ""), 9) is None


@pytest.mark.parametrize(("severity", "minutes"), [("critical", 15), ("high", 30), ("medium", 60), ("low", 24 * 60)])
def test_somebody_must_answer_within_the_time_of_the_runbook(severity: str, minutes: int) -> None:
    assert RESPONSE[Severity(severity)] == timedelta(minutes=minutes)


RUNNING = Instance("sms-app", "id", "image", "1.18.1", Status.RUNNING)


def test_three_deaths_in_a_day_are_no_crash_loop() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    deaths = [Event(now - timedelta(hours=hours), "die", 137) for hours in (9, 5, 1)]
    sign = signs.of_instance(Instance(**{**vars(RUNNING), "restarts": 3}), 0, deaths, now)
    assert sign is not None
    assert sign.title == "SMS died"


def test_an_exit_code_that_is_not_known_is_not_told_as_none() -> None:
    sign = signs.of_instance(Instance(**{**vars(RUNNING), "restarts": 1}), 0, [], datetime.now(UTC))
    assert sign is not None
    assert "None" not in sign.detail
