"""What a clock that was set back leaves behind: times that lie ahead.

A machine may start an hour ahead, and ask for the time later. What it wrote until then seems to have happened in the
future, and what it put off seems to wait for an hour more. One rule for all of it: what lies ahead of now was written
by the clock of before, and says nothing; and nothing waits longer than anything is ever made to wait.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

DIFFER = timedelta(seconds=5)  # by so much the clocks of two machines may differ


def ahead(at: datetime | None, now: datetime | None = None) -> bool:
    """Whether that cannot have happened yet."""
    return at is not None and at - (now or timezone.now()) > DIFFER


def lately(at: datetime | None, span: timedelta, now: datetime | None = None) -> bool:
    """Whether that happened within `span` until now; neither what never did, nor what lies ahead."""
    return at is not None and -DIFFER <= (now or timezone.now()) - at <= span


def bring_back(rows: QuerySet[Any], field: str, longest: timedelta) -> int:
    """Make due now what waits for longer than `longest`, the most it is ever made to wait; return how many were."""
    now = timezone.now()
    late = list(rows.filter(**{f"{field}__gt": now + longest + DIFFER}).values_list("pk", flat=True))
    return rows.filter(pk__in=late).update(**{field: now}) if late else 0
