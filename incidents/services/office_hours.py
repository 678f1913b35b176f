"""Office hours: Monday to Friday, 08:00 to 18:00, in somebody's zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

OPENS, CLOSES, FRIDAY = time(8), time(18), 4


def next_open(at: datetime, zone: str) -> datetime:
    """That moment, if it is within office hours; else the next opening."""
    local = at.astimezone(ZoneInfo(zone))
    if local.weekday() <= FRIDAY and OPENS <= local.time() < CLOSES:
        return at
    day = local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
    while day.weekday() > FRIDAY:
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, ZoneInfo(zone))
