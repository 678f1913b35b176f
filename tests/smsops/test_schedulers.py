"""Beat rings on when the clock is set back, instead of waiting until its last rings have come again."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from smsops.celery import app
from smsops.schedulers import Scheduler
from tests.places import wait_for

pytestmark = pytest.mark.django_db(transaction=True)  # beat closes its connections between two looks


@pytest.fixture
def scheduler() -> Iterator[Any]:
    """Beat's own, on the tests' database."""
    found = Scheduler(app=app)
    yield found
    found._dirty.clear()
    found._finalize.cancel()


def test_it_is_the_one_that_beat_takes() -> None:
    assert app.conf.beat_scheduler == "smsops.schedulers:Scheduler"


def test_beat_rings_on_when_the_clock_was_set_back_by_an_hour(scheduler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(scheduler, "apply_async", lambda entry, **_: rung.append(entry.name))
    for entry in scheduler.schedule.values():
        entry.last_run_at = entry.model.last_run_at = timezone.now() + timedelta(hours=1)
    scheduler.old_schedulers = copy.copy(scheduler.schedule)
    scheduler.populate_heap()

    def rings() -> bool:
        scheduler.tick()
        return "smsops: alerts" in rung

    wait_for(rings, "the ring of every second")
    assert "smsops: drills" not in rung
