"""How long an incident was how bad."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from incidents.models import ORDER, Incident, Severity, SeverityChange


def spans(incident: Incident, changes: Iterable[tuple[datetime, str]], end: datetime) -> dict[str, float]:
    """Seconds in each severity from detection to `end`, the worst first; the present one where no change is
    known."""
    known = sorted((max(at, incident.detected_at), severity) for at, severity in changes)
    if not known:
        known = [(incident.detected_at, incident.severity)]
    known[0] = (incident.detected_at, known[0][1])
    found: dict[str, float] = {}
    for (at, severity), (until, _) in zip(known, [*known[1:], (end, "")], strict=True):
        seconds = (min(until, end) - at).total_seconds()
        if seconds > 0:
            found[severity] = found.get(severity, 0.0) + seconds
    return dict(sorted(found.items(), key=lambda each: -ORDER[Severity(each[0])]))


def worst(incident: Incident) -> Severity:
    """The worst it ever had."""
    found = {*SeverityChange.objects.filter(incident=incident).values_list("severity", flat=True), incident.severity}
    return max(map(Severity, found), key=ORDER.__getitem__)
