"""What news of an incident mean for who is told of it; each within the news' own transaction."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.dispatch import receiver

from incidents import signals
from incidents.models import Incident, IncidentState, PageKind
from incidents.services import escalations, recipients, wording

HELD = (IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED)
OVER = (IncidentState.RESOLVED, IncidentState.CLOSED)


@receiver(signals.incident_opened, dispatch_uid="incidents.escalate_opened")
def on_opened(incident: Incident, **_: Any) -> None:
    """Begin to page, and tell the channels."""
    escalations.begin(incident)
    _tell(incident, wording.last_sign(incident), recipients.channels_of(incident.environment_id, incident.severity))


@receiver(signals.incident_moved, dispatch_uid="incidents.escalate_moved")
def on_moved(incident: Incident, before: str, text: str, user: User | None, **_: Any) -> None:
    """Somebody has it, it is over, or it is not over after all."""
    if incident.state in HELD:
        escalations.recall(incident)
        escalations.hurry(incident)
    elif incident.state in OVER:
        escalations.end(incident)
    elif before in OVER:
        escalations.begin(incident)
    who = f"{user.get_username()}: " if user is not None else ""
    _tell(incident, f"{incident.get_state_display()}. {who}{text}", _everybody(incident))


@receiver(signals.incident_declined, dispatch_uid="incidents.escalate_declined")
def on_declined(incident: Incident, **_: Any) -> None:
    """The next level is due at once."""
    escalations.skip_ahead(incident)


@receiver(signals.severity_changed, dispatch_uid="incidents.escalate_severity")
def on_severity(incident: Incident, before: str, **_: Any) -> None:
    """What has become worse may need somebody now."""
    escalations.begin(incident)
    _tell(incident, f"It was {before}.", _everybody(incident))


@receiver(signals.fact_established, dispatch_uid="incidents.escalate_fact")
def on_fact(incident: Incident, **_: Any) -> None:
    """A fact may bring a level."""
    escalations.hurry(incident)


def _everybody(incident: Incident) -> list[recipients.Recipient]:
    channels = recipients.channels_of(incident.environment_id, incident.severity)
    return list({each.mark: each for each in [*escalations.told(incident), *channels]}.values())


def _tell(incident: Incident, text: str, to: Any) -> None:
    mark = incident.timeline.order_by("-pk").values_list("pk", flat=True).first()
    escalations.write(incident, PageKind.NEWS, wording.news(incident, text), to, f"n{mark}")
