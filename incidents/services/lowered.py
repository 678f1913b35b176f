"""What a person has lowered stays lowered until something says more than this person knew (I3)."""

from __future__ import annotations

from incidents.models import ORDER, Incident, Severity, SeverityChange


def raises(incident: Incident, severity: Severity) -> bool:
    """Whether a sign of that severity makes it worse than it is. Signs go on while SMS is down; without this the next
    one would undo within seconds what somebody decided."""
    if ORDER[severity] <= ORDER[Severity(incident.severity)]:
        return False
    ceiling = _lowered_from(incident)
    return ceiling is None or ORDER[severity] > ORDER[ceiling]


def _lowered_from(incident: Incident) -> Severity | None:
    """The severity it had before, if lowering it was the last that was done to it, and a person did it."""
    changes = SeverityChange.objects.filter(incident=incident).order_by("-at", "-pk")
    last = list(changes.values_list("severity", "author")[:2])
    if len(last) < 2 or not last[0][1]:
        return None
    now, before = Severity(last[0][0]), Severity(last[1][0])
    return before if ORDER[now] < ORDER[before] else None
