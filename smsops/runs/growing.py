"""Output that grows while a step works, shown on the run's page about once a second."""

from __future__ import annotations

import time
from collections import deque

from smsops.runs import journal
from smsops.runs.context import Context

EVERY = 1.0  # seconds between two looks at the row
LINES = 400  # of the tail that is kept


class GrowingOutput:
    """The last lines a step said. What is written down is redacted as everything is."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lines: deque[str] = deque(maxlen=LINES)
        self._fresh = False
        self._written = time.monotonic()

    def add(self, line: str) -> None:
        """One more line; an empty one is only a sign of life."""
        if line.strip():
            self._lines.append(line.rstrip())
            self._fresh = True

    def beat(self) -> bool:
        """Call often. About once a second it writes down what is new, and tells whether the work shall go on: False
        when somebody asked for the run to be cancelled. LeaseLost when another worker has taken over."""
        if time.monotonic() - self._written < EVERY:
            return True
        self._written = time.monotonic()
        if self._fresh:
            self.write()
        self._ctx.guard()
        self._ctx.run.refresh_from_db(fields=["cancel_requested", "cancel_note"])
        return not self._ctx.run.cancel_requested

    def write(self) -> None:
        """Write down all that is kept."""
        journal.note(self._ctx.held, self._ctx.step, output=self.text)
        self._fresh = False

    @property
    def lines(self) -> list[str]:
        return list(self._lines)

    @property
    def text(self) -> str:
        return "\n".join(self._lines)
