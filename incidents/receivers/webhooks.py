"""What webhooks are told of incidents; of private ones nothing but that something happened."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents import signals
from incidents.models import Incident, IncidentState
from smsops.webhooks import outbox

EVENTS = {
    "incident.opened": "An incident was opened",
    "incident.acknowledged": "Somebody has an incident",
    "incident.mitigated": "Users are served again",
    "incident.resolved": "An incident is over",
    "incident.closed": "An incident was closed",
    "incident.reopened": "An incident is open again, or nobody has it any more",
    "incident.severity_changed": "An incident has another severity",
}


@receiver(signals.incident_opened, dispatch_uid="incidents.webhooks.opened")
def on_opened(incident: Incident, **_: Any) -> None:
    """An incident is new."""
    _tell("incident.opened", incident)


@receiver(signals.incident_moved, dispatch_uid="incidents.webhooks.moved")
def on_moved(incident: Incident, **_: Any) -> None:
    """An incident has another state."""
    to = IncidentState(incident.state)
    _tell("incident.reopened" if to == IncidentState.OPEN else f"incident.{to.value}", incident)


@receiver(signals.severity_changed, dispatch_uid="incidents.webhooks.severity")
def on_severity(incident: Incident, **_: Any) -> None:
    """It is worse, or less bad, than was said."""
    _tell("incident.severity_changed", incident)


def _tell(event: str, incident: Incident) -> None:
    outbox.tell(event, f"incident:{incident.pk}", lambda: _data(incident), incident.environment_id)


def _data(incident: Incident) -> dict[str, Any]:
    if incident.private:
        return {}
    return {
        "environment": incident.environment.name,
        "title": incident.title,
        "severity": incident.severity,
        "state": incident.state,
        "drill": incident.drill,
        "detected_at": incident.detected_at,
        "resolved_at": incident.resolved_at,
    }
