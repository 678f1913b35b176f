"""What must be done though the schedule is dead: web requests do it, behind their own backs (I5).

After a response has gone out, and not more often than every few seconds, one thread of this process asks each duty
whether it is needed, and does it. A request neither waits for it nor learns of its failure.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

from django.conf import settings
from django.db import connections

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds


@dataclass(frozen=True)
class Duty:
    """Something bounded that several may do at once; `needed` is cheap."""

    name: str
    needed: Callable[[], bool]
    do: Callable[[], object]


_DUTIES: dict[str, Duty] = {}
_busy = Lock()
_looked = [-EVERY]


def add(duty: Duty) -> None:
    """Make a duty known."""
    _DUTIES[duty.name] = duty


def look(**_: Any) -> None:
    """A response has gone out: see to the duties, unless that was done just now or is being done."""
    if not settings.SMSOPS_WEB_SWEEPS or time.monotonic() - _looked[0] < EVERY or not _busy.acquire(blocking=False):
        return
    try:
        Thread(target=_see_to_all, daemon=True, name="smsops-afterwards").start()
    except RuntimeError:  # no more threads, or the process ends
        _busy.release()


def _see_to_all() -> None:
    try:
        for duty in _DUTIES.values():
            _see_to(duty)
    finally:
        connections.close_all()
        _looked[0] = time.monotonic()
        _busy.release()


def _see_to(duty: Duty) -> None:
    try:
        if duty.needed():
            duty.do()
    except Exception as error:
        log.error("“%s” could not be done after a request: %s", duty.name, error)
