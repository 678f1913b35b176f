"""The times of the log: milliseconds since 1970 that never go back, whatever becomes of the machine's clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

SETBACK = 1000  # ms; less is the clock being kept right


class Clock:
    """`last` is the latest time given out, in ms; `setback` how far the clock was behind it at the last look; `seen` up
    to when everything that was committed is kept."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self.wall, self.steady = wall, steady
        self.last = self.setback = self.seen = 0
        self._marked: float | None = None
        self._settled: float | None = None

    def begin(self, seen: int) -> None:
        """Go on behind `seen`, up to when everything is kept."""
        self.last, self.seen, self._settled = max(self.last, seen), seen, None

    def mark(self) -> None:
        """Whatever was committed before this moment will be in what is read next."""
        self._marked = self.steady()

    def look(self) -> tuple[int, int]:
        """Up to when everything is kept, and now. A clock that was set forward makes the time between no longer."""
        wall, steady = int(self.wall() * 1000), self.steady()
        self.setback = self.last - wall if self.last - wall > SETBACK else 0
        self.last = max(self.last, wall)
        since = min(self.seen, self.last)
        if self._settled is not None:
            since = max(since, self.last - int((steady - self._settled) * 1000) - 1)
        return since, self.last

    def settle(self) -> None:
        """What was read since the mark is kept: everything up to the mark is. Where that took long, or this process was
        stopped meanwhile, what was committed after the mark is still to come."""
        marked = self._marked if self._marked is not None else self.steady()
        passed = math.ceil((self.steady() - marked) * 1000)
        self.seen = max(self.seen, max(self.last, int(self.wall() * 1000)) - passed)
        self._settled, self._marked = marked, None
