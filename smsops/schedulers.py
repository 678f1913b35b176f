"""Beat's scheduler: django-celery-beat's, which goes on when the clock is set back.

By itself it would ring for nothing until the time of its last rings has come again.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from smsops import pulse, wall_clock


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # it has no types
    """The same, with entries that have never rung ahead of now."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Ring for one entry that is due; return the seconds until the next look."""
        pulse.touch()
        self.bring_back()
        return float(super().tick(*args, **kwargs))

    def bring_back(self) -> None:
        """What has rung ahead of now rang before the clock was set back; when, nobody knows: it counts from now."""
        now = timezone.now()
        for entry in (self._schedule or {}).values():
            if wall_clock.ahead(entry.last_run_at, now):
                entry.last_run_at = entry.model.last_run_at = now
                self._dirty.add(entry.name)
                self._heap_invalidated = True  # its order is by times of before, too
