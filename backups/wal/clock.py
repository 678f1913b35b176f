"""The times of the log: milliseconds since 1970 that never go back, whatever becomes of the machine's clock."""

from __future__ import annotations

import time
from collections.abc import Callable

SETBACK = 1000  # ms; less is the clock being kept right


class Clock:
    """`last` is the latest time given out, in ms; `setback` how far the clock was behind it at the last look."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self.wall, self.steady = wall, steady
        self.last = self.setback = 0
        self._looked: float | None = None

    def begin(self, last: int) -> None:
        """Go on behind `last`, when the database was last looked at."""
        self.last, self._looked = max(self.last, last), None

    def look(self) -> tuple[int, int]:
        """Since when nothing was seen, and now. A clock that was set forward makes the time between no longer."""
        wall, steady = int(self.wall() * 1000), self.steady()
        self.setback = self.last - wall if self.last - wall > SETBACK else 0
        now = max(self.last, wall)
        since = self.last
        if self._looked is not None:
            since = max(since, now - int((steady - self._looked) * 1000) - 1)
        self.last, self._looked = now, steady
        return since, now
