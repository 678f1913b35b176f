"""Beat's scheduler: django-celery-beat's, which goes on when the clock is set back, and lets no crowd start at once.

By itself it would ring for nothing until the time of its last rings has come again. And it would ring for everything
that is due in the same moment: after a pause, or when many environments were added at once, that is a thousand backups
together, every quarter of an hour from then on. Here the rings of one task, where it has several, keep a distance.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from celery.schedules import schedule
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from smsops import pulse, signals, wall_clock

log = logging.getLogger(__name__)
TELLS = 5.0  # seconds: a sign of life is not given more often

APART = 1.0  # seconds between two rings of one task
SHARE = 0.9  # of the period that may be filled with them; a thousand in 15 minutes are 0.81 s apart
LOOK = 60.0  # seconds after which it is looked again whether some have come together


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # it has no types
    """The same, with entries that have never rung ahead of now, nor all at once, and with a sign of life."""

    _told = -TELLS
    spread_of: Any = None  # the entries that were spread last
    spread_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Ring for one entry that is due; return the seconds until the next look."""
        pulse.touch()
        self.bring_back()
        self.keep_apart()
        wait = float(super().tick(*args, **kwargs))
        self.tell()
        return wait

    def tell(self) -> None:
        """Give a sign of life; who does not take it must not stop the clock."""
        if time.monotonic() - self._told < TELLS:
            return
        self._told = time.monotonic()
        for _, answer in signals.beat_ticked.send_robust(type(self)):
            if isinstance(answer, Exception):
                log.warning("beat's sign of life was not written down: %s", answer)

    def bring_back(self) -> None:
        """What has rung ahead of now rang before the clock was set back; when, nobody knows: it counts from now."""
        now = timezone.now()
        for entry in (self._schedule or {}).values():
            if wall_clock.ahead(entry.last_run_at, now):
                entry.last_run_at = entry.model.last_run_at = now
                self._dirty.add(entry.name)
                self._heap_invalidated = True  # its order is by times of before, too

    def keep_apart(self) -> None:
        """Put off those that would ring together with others of their task, each by no more than its own period."""
        if self._schedule is self.spread_of and time.monotonic() - self.spread_at < LOOK:
            return
        self.spread_of, self.spread_at = self._schedule, time.monotonic()
        tasks: dict[str, list[Any]] = defaultdict(list)
        for entry in (self._schedule or {}).values():
            if type(entry.schedule) is schedule and entry.last_run_at is not None:
                tasks[entry.task].append(entry)
        now = timezone.now()
        for entries in tasks.values():
            entries.sort(key=lambda entry: (_due(entry, now), entry.schedule.run_every, entry.name))
            self._spread(entries, now)

    def _spread(self, entries: Sequence[Any], now: datetime) -> None:
        periods = [entry.schedule.run_every for entry in entries]
        dues = [_due(entry, now) for entry in entries]
        for entry, period, due, later in zip(entries, periods, dues, apart(dues, periods), strict=True):
            if later > due:
                entry.last_run_at = min(later - period, now)
                self._heap_invalidated = True


def _due(entry: Any, now: datetime) -> datetime:
    due: datetime = entry.last_run_at + entry.schedule.run_every
    return max(due, now)


def apart(dues: Sequence[datetime], periods: Sequence[timedelta]) -> list[datetime]:
    """The same moments, in order, put off so far that none comes too soon after the one before: a second, or less where
    they are so many that they would not fit into their periods."""
    if len(dues) < 2:
        return list(dues)
    rate = sum(1 / max(period.total_seconds(), 1.0) for period in periods)
    gap, found = timedelta(seconds=min(APART, SHARE / rate)), [dues[0]]
    for due in dues[1:]:
        found.append(max(due, found[-1] + gap))
    return found
