"""Sentences that pages say and do not ask for: that is done after responses have gone out, where it is done at all."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings

from smsops import afterwards

KEPT = 20.0  # seconds until it is asked again


class Remembered:
    """A sentence that is known; `ask` costs questions. Each process remembers for itself."""

    def __init__(self, name: str, ask: Callable[[], str]) -> None:
        self.ask = ask
        self._said: list[tuple[float, str]] = []
        afterwards.add(afterwards.Duty(name, self._old, self._look))

    def __call__(self) -> str:
        if not settings.SMSOPS_WEB_SWEEPS:
            self._look()
        return self._said[-1][1] if self._said else ""

    def forget(self) -> None:
        """It is another one now: ask as soon as possible."""
        self._said.clear()

    def _look(self) -> None:
        self._said[:] = [(time.monotonic(), self.ask())]

    def _old(self) -> bool:
        return not self._said or time.monotonic() - self._said[-1][0] > KEPT
