"""Rows before and after an incident, by table, with the backups they were counted in (runbook §4.3)."""

from __future__ import annotations

from typing import Any

from backups import selectors
from backups.models import Reason
from incidents.models import Incident


def of(incident: Incident) -> dict[str, Any]:
    """The core tables in the last good backup before it was noticed and in the first after it was over; exact numbers,
    or an empty answer where one of the two is missing."""
    own = selectors.good(then=True).filter(environment=incident.environment)
    before = own.filter(taken_at__lt=incident.began).first()
    over = incident.resolved_at
    # A safety copy that a restore makes of what it replaces says nothing of what came out of it.
    after = own.exclude(reason=Reason.RESTORE).filter(taken_at__gte=over).order_by("taken_at").first() if over else None
    if before is None or after is None:
        return {"before": before.identifier if before else "", "after": "", "tables": []}
    tables = incident.environment.core_tables
    counted = [
        {"table": table, "before": before.row_counts[table], "after": after.row_counts.get(table, 0)}
        for table in tables
        if table in before.row_counts
    ]
    return {"before": before.identifier, "after": after.identifier, "tables": counted}


def exposure(incident: Incident) -> dict[str, Any]:
    """How old the newest good backup was when the trouble began: the most that could have been lost."""
    at = incident.began
    newest = selectors.good(then=True).filter(environment=incident.environment, taken_at__lte=at).first()
    if newest is None:
        return {}
    return {"backup": newest.identifier, "seconds": (at - newest.taken_at).total_seconds()}
