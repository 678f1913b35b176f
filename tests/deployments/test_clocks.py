"""SMS's clock, the engine's, and how SMS stopped the last time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from backups.models import BackupSchedule
from deployments.checks.base import Result, Target
from deployments.checks.clocks import Clock, compared
from deployments.checks.host import EngineClock, StopTime
from smsops.models import Environment
from tests.deployments.eras.server import Reply, serving
from tests.factories import make_environment, make_run, make_step
from tests.places import Place

ATHENS = ZoneInfo("Europe/Athens")
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)  # 15:00 in Athens


def clock(theirs: Any, zone: str = "Europe/Athens") -> Result:
    environment = make_environment()
    BackupSchedule.objects.create(environment=environment, time_zone=zone)
    live = Reply({"status": "healthy", "timestamp": theirs, "uptime_seconds": 4})
    with serving({"GET /health/live": live}) as server:
        Environment.objects.update(base_url=server.url)
        environment.refresh_from_db()
        return Clock().run(Target(environment))


def naive(zone: str, **off: float) -> str:
    return (timezone.now().astimezone(ZoneInfo(zone)) + timedelta(**off)).replace(tzinfo=None).isoformat()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "verdict", "said"),
    [(0, "pass", "clock is "), (-20, "warn", r"clock is 2\d\."), (20, "warn", r"s ahead of this machine's\."),
     (-600, "fail", r"clock is 60\d\."), (600, "fail", r"s ahead of this machine's\.")],
)  # fmt: skip
def test_a_naive_time_is_the_schools(seconds: int, verdict: str, said: str) -> None:
    result = clock(naive("Europe/Athens", seconds=seconds))
    assert result.verdict == verdict and re.search(said, result.detail), result
    assert result.fix == ("Set both clocks by NTP." if seconds else "")


@pytest.mark.django_db
def test_another_zone_is_told_from_a_wrong_clock() -> None:
    result = clock(naive("UTC"), "Asia/Tokyo")
    assert result.verdict == "warn"
    assert result.detail.endswith("9 h behind the time in Asia/Tokyo.")
    assert result.fix == "Set the time zone on the environment's page, or TZ in SMS's env file."


@pytest.mark.django_db
def test_a_time_with_a_zone_of_its_own_needs_no_other() -> None:
    assert clock(timezone.now().isoformat()).verdict == "pass"


@pytest.mark.django_db
@pytest.mark.parametrize("theirs", [None, "", "yesterday", 7])
def test_a_time_that_is_none_is_a_warning(theirs: Any) -> None:
    assert clock(theirs).detail == "/health/live has no time in it."


@pytest.mark.django_db
def test_an_sms_that_is_away_has_no_clock_to_judge() -> None:
    assert Clock().run(Target(make_environment())).verdict == "skip"


@pytest.mark.parametrize(
    ("theirs", "off", "shift"),
    [("15:00:00", 0, 0), ("15:00:59", 59, 0), ("15:02:00", 120, 0), ("12:00:03", 3, -3), ("17:30:00", 0, 2.5),
     ("14:50:00", -600, 0)],
)  # fmt: skip
def test_a_difference_of_half_hours_is_a_zone(theirs: str, off: int, shift: float) -> None:
    found = compared(datetime.fromisoformat(f"2026-07-01T{theirs}"), NOON, ATHENS)
    assert found == (timedelta(seconds=off), timedelta(hours=shift))


def test_in_the_hour_that_comes_twice_the_wall_clocks_are_compared() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 03:30 in Athens, for the first time
    for moment in (first, first + timedelta(hours=1)):
        assert compared(datetime.fromisoformat("2026-10-25T03:30:00"), moment, ATHENS) == (timedelta(), timedelta())


def test_the_engines_clock_is_asked(place: Place) -> None:
    result = EngineClock().run(Target(place.environment))
    assert (result.verdict, result.detail.startswith("The engine's clock is ")) == ("pass", True), result


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "verdict"), [(0, "pass"), (30, "warn"), (-90, "fail"), (None, "warn")])
def test_an_engine_whose_clock_is_wrong_is_noticed(
    monkeypatch: pytest.MonkeyPatch, seconds: int | None, verdict: str
) -> None:
    target = Target(make_environment())
    theirs = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
    monkeypatch.setattr(target.runtime, "now", lambda: theirs)
    assert EngineClock().run(target).verdict == verdict


def stopped(**fields: Any) -> Result:
    run = make_run(kind="deploy")
    make_step(run, kind="switch.stop", **{"result": {"exit_code": 0, "killed": False}, **fields})
    return StopTime().run(Target(run.environment))


@pytest.mark.django_db
def test_an_sms_that_had_to_be_killed_says_what_that_costs() -> None:
    result = stopped(result={"exit_code": 137, "killed": True}, work_seconds=15.2)
    assert (result.verdict, result.detail.endswith("every stop costs 15 s.")) == ("warn", True)
    assert result.fix == "Look why it does not end within its 15 s; see the end of its log."


@pytest.mark.django_db
def test_an_sms_that_ends_slowly_is_a_warning_and_a_quick_one_passes() -> None:
    assert stopped(work_seconds=22).detail == "SMS took 22 s to end at its last stop; the runbook expects 15 s."
    assert stopped(work_seconds=1.2).detail == "SMS ended by itself within 1.2 s at its last stop."


@pytest.mark.django_db
def test_the_last_stop_counts_and_where_there_was_none_it_is_skipped() -> None:
    run = make_run(kind="deploy")
    assert StopTime().run(Target(run.environment)).verdict == "skip"
    for age, killed in ((2, True), (1, False)):
        make_step(run, kind="switch.stop", result={"killed": killed}, finished_at=timezone.now() - timedelta(days=age))
    assert StopTime().run(Target(run.environment)).verdict == "pass"
