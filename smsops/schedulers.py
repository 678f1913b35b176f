"""Beat's scheduler: django-celery-beat's, which goes on when the clock is set back.

By itself it would ring for nothing until the time of its last rings has come again.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from smsops import signals, wall_clock

log = logging.getLogger(__name__)
TELLS = 5.0  # seconds: a sign of life is not given more often


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # it has no types
    """The same, with entries that have never rung ahead of now, and with a sign of life."""

    _told = -TELLS

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Ring for one entry that is due; return the seconds until the next look."""
        self.bring_back()
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
