"""Runs of every day that went well do not stay for ever; what they prove does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from backups.models import BackupDay
from backups.services import old_runs
from incidents.models import EntryKind
from incidents.objectives import copies
from smsops.models import Entry, Environment, JournalEntry, Lease, Run, RunState, Step, Trigger
from tests.factories import make_admin, make_backup, make_environment, make_incident, make_run, make_step

pytestmark = pytest.mark.django_db


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def a_run(environment: Environment, days: float, **fields: Any) -> Run:
    """A scheduled backup of that age that went well, with a step and a line in the journal."""
    at = days_ago(days)
    times = {"created_at": at, "started_at": at, "finished_at": at + timedelta(seconds=2)}
    defaults = {"trigger": Trigger.SCHEDULE, "end_announced": True}
    run = make_run(environment, **{**times, **defaults, **fields})
    JournalEntry.objects.create(run=run, step=make_step(run), entry=Entry.DONE)
    return run


@pytest.fixture
def here() -> Environment:
    """With one good backup of just now, which stays as the newest."""
    environment = make_environment()
    a_run(environment, 0)
    return environment


def stays(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk).exists()


def test_a_good_scheduled_backups_run_goes_after_a_week_with_all_it_has(here: Environment) -> None:
    old, young = a_run(here, 8), a_run(here, 6)
    Lease.objects.create(scope=f"run:{old.pk}")
    assert old_runs.tidy(here) == 1
    assert not stays(old) and stays(young)
    assert not Step.objects.filter(run_id=old.pk).exists()
    assert not JournalEntry.objects.filter(run_id=old.pk).exists()
    assert not Lease.objects.filter(scope=f"run:{old.pk}").exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"state": RunState.SAFE},
        {"state": RunState.NEEDS_HUMAN},
        {"trigger": Trigger.MANUAL},
        {"trigger": Trigger.COMMAND},
        {"end_announced": False},
        {"kind": "deploy"},
        {"kind": "drill"},
    ],
    ids=str,
)
def test_what_failed_was_asked_for_or_changed_something_stays(here: Environment, fields: dict[str, Any]) -> None:
    run = a_run(here, 300, **fields)
    old_runs.tidy(here)
    assert stays(run)


def test_a_persons_run_stays_whatever_set_it_off(here: Environment) -> None:
    run = a_run(here, 300, actor=make_admin())
    old_runs.tidy(here)
    assert stays(run)


def test_one_that_an_incident_tells_of_stays(here: Environment) -> None:
    run, other = a_run(here, 300), a_run(here, 301)
    make_incident(here, run=other)
    make_incident(here).timeline.create(kind=EntryKind.SIGN, text="A good backup.", run=run)
    old_runs.tidy(here)
    assert stays(run) and stays(other)


def test_its_backup_stays_without_it(here: Environment) -> None:
    run = a_run(here, 20)
    backup = make_backup(here, run=run)
    old_runs.tidy(here)
    backup.refresh_from_db()
    assert backup.run is None


def test_the_newest_of_its_kind_stays_however_old_it_is() -> None:
    environment = make_environment()
    run = a_run(environment, 300)
    old_runs.tidy(environment)
    assert stays(run)


def test_a_restore_tests_run_stays_for_three_months(here: Environment) -> None:
    a_run(here, 1, kind="restore_test")
    old, young = a_run(here, 93, kind="restore_test"), a_run(here, 90, kind="restore_test")
    old_runs.tidy(here)
    assert not stays(old) and stays(young)


def test_another_environments_runs_are_left_alone(here: Environment) -> None:
    run = a_run(make_environment(), 300)
    old_runs.tidy(here)
    assert stays(run)


def test_the_days_are_settings(here: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SMSOPS_ROUTINE_DAYS", 2)
    run = a_run(here, 3)
    old_runs.tidy(here)
    assert not stays(run)


def test_an_installation_of_before_gets_there_in_parts(here: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_runs, "BATCH", 2)
    monkeypatch.setattr(old_runs, "MOST", 4)
    for number in range(6):
        a_run(here, 20 + number)
    assert (old_runs.tidy(here), old_runs.tidy(here), old_runs.tidy(here)) == (4, 2, 0)


def test_when_backups_began_is_known_as_well_as_before(here: Environment) -> None:
    for number in range(40):
        a_run(here, 9 + number / 4)
    since = days_ago(15)
    before = [at.replace(microsecond=0) for at in copies.moments(here.pk, since)]
    assert old_runs.tidy(here) == 40
    assert BackupDay.objects.filter(environment=here).count() >= 10
    assert [at.replace(microsecond=0) for at in copies.moments(here.pk, since)] == before


def test_what_is_written_down_of_a_day_is_added_to(here: Environment) -> None:
    at = days_ago(20).replace(hour=10, minute=0, second=0)
    old_runs.note(here, [at, at + timedelta(seconds=900)])
    old_runs.note(here, [at, at + timedelta(seconds=1800)])
    (row,) = BackupDay.objects.filter(environment=here)
    assert list(row.seconds) == [36000, 36900, 37800]
