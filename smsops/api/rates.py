"""How often one token may ask: so many times a minute, counted by each web process for itself."""

from __future__ import annotations

import time
from threading import Lock

from django.conf import settings

from smsops.api.problems import Problem

MINUTE = 60
_lock = Lock()
_asked: dict[int, tuple[int, int]] = {}  # by token: which minute, and how often in it


def count(token_id: int) -> None:
    """One more request; Problem 429 beyond what is allowed, with the seconds to wait for."""
    minute, into = divmod(int(time.monotonic()), MINUTE)
    with _lock:
        known, times = _asked.get(token_id, (minute, 0))
        times = times + 1 if known == minute else 1
        _asked[token_id] = minute, times
    if times > settings.SMSOPS_API_RATE:
        said = f"This token has asked {settings.SMSOPS_API_RATE:,} times within a minute; wait a little."
        raise Problem(429, said, {"Retry-After": str(MINUTE - into)})


def forget() -> None:
    """Begin anew."""
    with _lock:
        _asked.clear()
