"""What follows an incident: how bad it was when, and its post-mortem; each within the news' own transaction."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents import signals
from incidents.models import Incident, IncidentState, SeverityChange
from incidents.postmortems import drafting


@receiver(signals.incident_opened, dispatch_uid="incidents.after_opened")
def on_opened(incident: Incident, **_: Any) -> None:
    """The first severity."""
    SeverityChange.objects.create(incident=incident, at=incident.detected_at, severity=incident.severity)


@receiver(signals.severity_changed, dispatch_uid="incidents.after_severity")
def on_severity(incident: Incident, author: str = "", **_: Any) -> None:
    """Another one from now on."""
    SeverityChange.objects.create(incident=incident, severity=incident.severity, author=author)
    drafting.news(incident)


@receiver(signals.incident_moved, dispatch_uid="incidents.after_moved")
def on_moved(incident: Incident, before: str, **_: Any) -> None:
    """It is over: the draft begins. It was not over: what was approved is a draft again."""
    if incident.state == IncidentState.RESOLVED:
        drafting.over(incident)
    elif before in (IncidentState.RESOLVED, IncidentState.CLOSED) and incident.live:
        drafting.reopened(incident)
    else:
        drafting.news(incident)


@receiver(signals.sign_joined, dispatch_uid="incidents.after_sign")
@receiver(signals.fact_established, dispatch_uid="incidents.after_fact")
@receiver(signals.clock_corrected, dispatch_uid="incidents.after_clock")
@receiver(signals.contradiction_settled, dispatch_uid="incidents.after_settled")
def on_news(incident: Incident, **_: Any) -> None:
    """Something more is known."""
    drafting.news(incident)
