"""Beat lets no crowd start at once: the rings of one task keep a distance, and nobody's is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from smsops.celery import app
from smsops.schedulers import Scheduler, apart
from tests.factories import make_environment

NOW = timezone.now()
QUARTER = timedelta(minutes=15)


def seconds(moments: list[Any]) -> list[float]:
    return [(moment - NOW).total_seconds() for moment in moments]


def test_what_is_due_together_is_a_second_apart() -> None:
    assert seconds(apart([NOW] * 3, [QUARTER] * 3)) == [0, 1, 2]


def test_what_is_apart_already_stays_as_it_is() -> None:
    dues = [NOW, NOW + timedelta(seconds=40), NOW + timedelta(seconds=41)]
    assert apart(dues, [QUARTER] * 3) == dues


def test_one_alone_waits_for_nobody() -> None:
    assert apart([NOW], [QUARTER]) == [NOW]
    assert apart([], []) == []


def test_a_thousand_fit_into_their_quarter_of_an_hour() -> None:
    found = seconds(apart([NOW] * 1000, [QUARTER] * 1000))
    assert max(found) < 900
    assert min(after - before for before, after in pairwise(found)) > 0.8


@pytest.fixture
def scheduler() -> Iterator[Any]:
    found = Scheduler(app=app)
    yield found
    found._dirty.clear()
    found._finalize.cancel()


@pytest.mark.django_db(transaction=True)
def test_the_backups_of_environments_that_were_added_at_once_are_rung_one_after_the_other(scheduler: Any) -> None:
    for _ in range(5):
        make_environment()
    PeriodicTask.objects.filter(task="backups.scheduled").update(last_run_at=timezone.now() - timedelta(hours=3))
    entries = [each for each in scheduler.schedule.values() if each.task == "backups.scheduled"]
    now = timezone.now()
    scheduler.keep_apart()
    due = sorted(max(each.last_run_at + QUARTER, now) for each in entries)
    assert len(due) == 5
    assert min((after - before).total_seconds() for before, after in pairwise(due)) > 0.9


@pytest.mark.django_db(transaction=True)
def test_none_is_put_off_into_the_future_of_the_clock(scheduler: Any) -> None:
    for _ in range(5):
        make_environment()
    PeriodicTask.objects.update(last_run_at=timezone.now())
    list(scheduler.schedule)
    scheduler.keep_apart()
    assert all(each.last_run_at <= timezone.now() for each in scheduler.schedule.values())
