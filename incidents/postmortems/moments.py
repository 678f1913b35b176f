"""Moments as they are kept in what was measured: ISO text, or nothing."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone


def between(start: str, end: str) -> float | None:
    """Seconds; None where one of them is not known."""
    if not start or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def clock(at: str) -> str:
    """`11-28 13:44:17`, in the installation's time zone."""
    return f"{timezone.localtime(datetime.fromisoformat(at)):%m-%d %H:%M:%S}" if at else "—"
