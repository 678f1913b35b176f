"""At most so many requests a minute from one address to one endpoint. A restart forgives everybody."""

from __future__ import annotations

import time
from typing import Any

from fastapi import Depends, Request

from backend import metrics
from backend.config import settings
from backend.errors import RateLimitError

WINDOW_SECONDS = 60
MOST_COUNTERS = 10_000

# (address, endpoint) -> (start of its minute, requests in it)
_counters: dict[tuple[str, str], tuple[float, int]] = {}


def limited(group: str) -> Any:
    """A dependency for the endpoints of a group: read, write or auth. A limit of 0 means none."""
    allowed = settings.limits[group]

    # Async on purpose: it then runs on the event loop's only thread, so counting needs no lock.
    async def count(request: Request) -> None:
        address = request.client.host if request.client else "?"
        endpoint = f"{request.method} {request.scope['route'].path}"
        if allowed and _next(address, endpoint) > allowed:
            metrics.rate_limited.add(endpoint=endpoint, limit_type=group)
            raise RateLimitError(f"{allowed} per 1 minute")

    return Depends(count)


def _next(address: str, endpoint: str) -> int:
    """Count one more request; the minute begins with the first request of it."""
    now = time.monotonic()
    began, count = _counters.get((address, endpoint), (now, 0))
    if now - began >= WINDOW_SECONDS:
        began, count = now, 0
    if len(_counters) > MOST_COUNTERS:
        _counters.clear()
    _counters[address, endpoint] = (began, count + 1)
    return count + 1
