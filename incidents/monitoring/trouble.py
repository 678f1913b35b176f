"""Incidents that are not over, and alerts that fire. Private ones are in no figure: a number that grows tells of them
as well as a name does (I4). Drills count in no figure of real trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from django.db.models import Count
from django.utils import timezone
from prometheus_client import Metric

from incidents.models import LIVE, Alert, AlertState, Incident, IncidentState, Severity
from incidents.monitoring.gauges import Gauges
from incidents.services import severities


def families(names: Sequence[str]) -> Iterator[Metric]:
    """In three queries."""
    told = "Incidents that are not over; without private ones and drills"
    live = Gauges(("environment", "severity"), incidents_live=told)
    rest = Gauges(
        ("environment",),
        incidents_unanswered="Those of them that nobody has, although the severity's response time is over",
        alerts_firing="Alerts from elsewhere that fire; without those of private incidents",
    )
    counts, unanswered, firing, within = Counter[tuple[str, str]](), Counter[str](), _firing(), severities.responses()
    shown, now = Incident.objects.filter(state__in=LIVE, private=False, drill=False).order_by(), timezone.now()
    for name, severity, state, since in shown.values_list("environment__name", "severity", "state", "detected_at"):
        counts[name, severity] += 1
        unanswered[name] += state == IncidentState.OPEN and since + within[severity] < now
    for name in names:
        for severity in Severity.values:
            live.add(name, severity, incidents_live=counts[name, severity])
        rest.add(name, incidents_unanswered=unanswered[name], alerts_firing=firing.get(name, 0))
    yield from live
    yield from rest


def _firing() -> dict[str, int]:
    shown = Alert.objects.filter(state=AlertState.FIRING).exclude(incident__private=True).order_by()
    return dict(shown.values_list("source__environment__name").annotate(count=Count("pk")))
