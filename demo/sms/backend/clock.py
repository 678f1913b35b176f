"""The SMS keeps naive local time everywhere, in the database and in its answers."""

from __future__ import annotations

import time
from datetime import datetime

_started = time.monotonic()


def now() -> datetime:
    """Local time without a zone, as every timestamp of this application is written."""
    return datetime.now().astimezone().replace(tzinfo=None)


def uptime() -> int:
    """Whole seconds since this process loaded the application."""
    return int(time.monotonic() - _started)
