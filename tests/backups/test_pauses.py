"""Whether a backup is taken when beat rings; pauses; and what is said before the RPO breaks."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backups import tasks
from backups.models import BackupSchedule
from backups.services import forecast, schedule, storage
from smsops.errors import WrongUse
from smsops.models import Environment, Run, RunState, Trigger
from smsops.runs.plan import By
from tests.factories import make_backup, make_environment, make_run

pytestmark = pytest.mark.django_db
BY = By(name="maria", reason="the school moves")


@pytest.fixture
def environment() -> Environment:
    return make_environment(backup_minutes=15, rpo_minutes=60)


def ago(minutes: float) -> Any:
    return timezone.now() - timedelta(minutes=minutes)


def begun(environment: Environment, minutes: float, **more: Any) -> Run:
    """A scheduled backup that began so many minutes ago."""
    fields = {"kind": "backup", "trigger": Trigger.SCHEDULE, "created_at": ago(minutes), "state": RunState.SUCCEEDED}
    return make_run(environment, **(fields | more))


def rung(environment: Environment) -> int:
    """How many backups are queued once beat has rung."""
    tasks.scheduled(environment.pk)
    return Run.objects.filter(environment=environment, state=RunState.QUEUED).count()


def told(environment: Environment) -> str:
    return str(forecast.breach(Environment.objects.get(pk=environment.pk)) or "")


@pytest.mark.parametrize(("minutes", "queued"), [(5, 0), (14, 0), (14.9, 1), (15, 1), (600, 1)])
def test_a_bell_takes_a_backup_when_one_is_due(environment: Environment, minutes: float, queued: int) -> None:
    begun(environment, minutes)
    assert rung(environment) == queued


def test_after_a_downtime_one_backup_is_taken_and_not_forty(environment: Environment) -> None:
    begun(environment, 600)
    assert [rung(environment) for _ in range(3)] == [1, 1, 1]


def test_outside_the_hours_the_slower_pace_is_kept(environment: Environment) -> None:
    BackupSchedule.objects.create(environment=environment, business_days="", quiet_minutes=120)
    begun(environment, 60)
    assert rung(environment) == 0
    Run.objects.update(created_at=ago(120))
    assert rung(environment) == 1


def test_a_pause_holds_backups_back_and_ends_by_itself(environment: Environment) -> None:
    schedule.pause(environment, timedelta(hours=1), BY)
    assert rung(environment) == 0
    BackupSchedule.objects.update(paused_until=ago(1))
    assert rung(environment) == 1


def test_a_pause_can_be_ended_once(environment: Environment) -> None:
    schedule.pause(environment, timedelta(hours=1), BY)
    assert [schedule.resume(environment), schedule.resume(environment)] == [True, False]
    assert rung(environment) == 1


@pytest.mark.parametrize(
    ("span", "by", "said"),
    [
        (timedelta(hours=1), By(name="maria"), "Say why"),
        (timedelta(days=8), BY, "seven days"),
        (timedelta(), BY, "seven days"),
    ],
)
def test_a_pause_needs_a_reason_and_an_end(environment: Environment, span: timedelta, by: By, said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        schedule.pause(environment, span, by)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Europe/Nowhere"),
        ("closes", "06:00"),
        ("business_days", "Mon Dienstag"),
        ("holidays", "25.12.2026"),
    ],
)
def test_hours_that_cannot_be_are_refused_by_field(environment: Environment, field: str, value: str) -> None:
    found = BackupSchedule(environment=environment, **{field: value})
    with pytest.raises(ValidationError) as error:
        found.full_clean()
    assert list(error.value.message_dict) == [field]


def test_nothing_is_said_while_the_next_backup_will_be_there_in_time(environment: Environment) -> None:
    make_backup(environment, taken_at=ago(10))
    begun(environment, 10)
    assert told(environment) == ""


def test_without_any_backup_the_rpo_is_broken(environment: Environment) -> None:
    assert told(environment) == "The RPO is broken: there is no good backup yet."


def test_a_pause_that_is_too_long_is_told_before_the_rpo_breaks(environment: Environment) -> None:
    make_backup(environment, taken_at=ago(10))
    begun(environment, 10)
    schedule.pause(environment, timedelta(hours=2), BY)
    assert re.match(r"The RPO breaks in (50 min|49 min 5\d s): backups are paused until ", told(environment))


def test_failing_backups_are_told_before_the_rpo_breaks(environment: Environment) -> None:
    make_backup(environment, taken_at=ago(40))
    for minutes in (40, 25, 10):
        begun(environment, minutes, state=RunState.SUCCEEDED if minutes == 40 else RunState.SAFE)
    assert re.fullmatch(r"The RPO breaks in (20 min|19 min 5\d s): the last 2 backups failed\.", told(environment))


def test_a_bell_that_does_not_come_is_told(environment: Environment) -> None:
    make_backup(environment, taken_at=ago(30))
    begun(environment, 30)
    assert "no backup has begun since" in told(environment)
    assert "is beat running?" in told(environment)


def test_a_pace_slower_than_the_rpo_is_told(environment: Environment) -> None:
    BackupSchedule.objects.create(environment=environment, business_days="", quiet_minutes=120)
    make_backup(environment, taken_at=ago(1))
    begun(environment, 1)
    assert "the next backup is due only at" in told(environment)


def test_the_forecast_of_thirty_costs_as_many_queries_as_that_of_one(environment: Environment) -> None:
    for _ in range(30):
        begun(make_environment(), 5)
    with CaptureQueriesContext(connection) as captured:
        assert sum(forecast.judge(each, ()) is not None for each in forecast.prepared(Environment.objects.all())) == 31
    assert len(captured) == 1


def test_the_vault_is_forecast_by_what_the_last_week_added(environment: Environment) -> None:
    for minutes in (15, 30):
        make_backup(environment, taken_at=ago(minutes), size=50_000_000, stored_size=1_000_000)
    found = storage.of(environment)
    assert (found.backups, found.raw, found.settled) == (2, 100_000_000, 7 * 96 * 1_000_000)
    assert found.full is None


def test_a_disk_that_will_be_full_is_told_when(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    make_backup(environment, taken_at=ago(15), stored_size=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 96_000_000}))
    assert storage.of(environment).full == timedelta(days=1)


def said(environment: Environment) -> list[str]:
    return forecast.told(Environment.objects.get(pk=environment.pk))


def test_the_next_backups_are_told_in_the_schools_own_time(environment: Environment) -> None:
    make_backup(environment, taken_at=ago(10))
    begun(environment, 10)
    BackupSchedule.objects.create(environment=environment, time_zone="Asia/Tokyo")
    first = (Run.objects.get().created_at + timedelta(minutes=15)).astimezone(ZoneInfo("Asia/Tokyo"))
    times = ", ".join(f"{first + timedelta(minutes=minutes):%a %H:%M}" for minutes in (0, 15, 30))
    assert said(environment) == [f"The next backups: {times} (Asia/Tokyo).", "The RPO of 60 min is kept."]


def test_a_pace_that_is_too_slow_for_the_rpo_is_told_when_it_is_set(environment: Environment) -> None:
    BackupSchedule.objects.create(environment=environment, quiet_minutes=120)
    assert said(environment)[1] == "One every 2 h 0 min cannot keep the RPO of 60 min."


def test_where_backups_are_off_that_is_told(environment: Environment) -> None:
    Environment.objects.update(backups_enabled=False)
    assert said(environment) == ["Scheduled backups are off."]


def test_a_pause_is_waited_for(environment: Environment) -> None:
    begun(environment, 10)
    schedule.pause(environment, timedelta(hours=2), BY)
    first = schedule.coming(Environment.objects.get(pk=environment.pk), 1)[0]
    assert first == BackupSchedule.objects.get().paused_until
