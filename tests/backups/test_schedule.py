"""One periodic task per environment, kept in step with its fields; nobody else's is touched."""

from __future__ import annotations

import json

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from backups.services import schedule
from smsops.celery import app
from smsops.models import Environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return Environment.objects.create(name="demo", backup_minutes=15)


def mine(environment: Environment) -> list[PeriodicTask]:
    wanted = json.dumps([environment.pk])
    return [task for task in PeriodicTask.objects.filter(task=schedule.TASK) if task.args == wanted]


def test_a_new_environment_is_backed_up_on_schedule(environment: Environment) -> None:
    (task,) = mine(environment)
    assert (task.interval.every, task.interval.period) == (15, IntervalSchedule.MINUTES)
    assert task.enabled
    app.loader.import_default_modules()
    assert task.task in app.tasks


def test_a_message_older_than_the_period_is_stale(environment: Environment) -> None:
    assert mine(environment)[0].expire_seconds == 15 * 60 - 10


def test_a_changed_period_changes_the_one_task(environment: Environment) -> None:
    before = mine(environment)[0].pk
    environment.backup_minutes = 5
    environment.save()
    (task,) = mine(environment)
    assert (task.pk, task.interval.every) == (before, 5)


def test_saving_again_changes_nothing(environment: Environment) -> None:
    environment.save()
    schedule.sync(environment)
    assert len(mine(environment)) == 1
    assert IntervalSchedule.objects.filter(every=15).count() == 1


@pytest.mark.parametrize("enabled", [False, True])
def test_the_task_is_on_when_backups_are(environment: Environment, enabled: bool) -> None:
    environment.backups_enabled = not enabled
    environment.save()
    environment.backups_enabled = enabled
    environment.save()
    assert mine(environment)[0].enabled is enabled


def test_every_environment_has_its_own(environment: Environment) -> None:
    other = Environment.objects.create(name="other", instance="other", host_port=8081, backup_minutes=60)
    assert [task.interval.every for task in (*mine(environment), *mine(other))] == [15, 60]


def test_what_an_operator_added_by_hand_is_not_touched(environment: Environment) -> None:
    hourly = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    own = PeriodicTask.objects.create(name="Mine", task=schedule.TASK, args="[1]", interval=hourly, enabled=False)
    environment.backup_minutes = 7
    environment.save()
    own.refresh_from_db()
    assert (own.interval, own.enabled, own.expire_seconds) == (hourly, False, None)


def test_a_task_that_was_changed_by_hand_is_what_the_environment_says_again(environment: Environment) -> None:
    PeriodicTask.objects.update(enabled=False, args="[999]")
    environment.save()
    assert [task.enabled for task in mine(environment)] == [True]


def test_a_very_short_period_still_leaves_a_message_some_time(environment: Environment) -> None:
    environment.backup_minutes = 1
    environment.save()
    assert mine(environment)[0].expire_seconds == 50


@pytest.mark.django_db
def test_two_equal_intervals_in_the_schedule_do_not_keep_an_environment_from_being_saved() -> None:
    for _ in range(2):
        IntervalSchedule.objects.create(every=15, period=IntervalSchedule.MINUTES)
    environment = Environment.objects.create(name="demo")
    assert PeriodicTask.objects.get(name=f"Backup of {environment.name}").interval.every == 15


@pytest.mark.django_db
def test_an_environment_that_is_deleted_is_not_backed_up_any_more() -> None:
    Environment.objects.create(name="demo").delete()
    assert not PeriodicTask.objects.filter(name="Backup of demo", enabled=True).exists()
