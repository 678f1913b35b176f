"""What news of an incident mean for who is told of it; each within the news' own transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.dispatch import receiver

from incidents import signals
from incidents.models import Incident, IncidentState, PageKind, Severity
from incidents.services import escalations, pages, recipients, wording

HELD = (IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED)
OVER = (IncidentState.RESOLVED, IncidentState.CLOSED)


@receiver(signals.incident_opened, dispatch_uid="incidents.escalate_opened")
def on_opened(incident: Incident, **_: Any) -> None:
    """Begin to page, and tell the channels."""
    escalations.begin(incident)
    _tell(incident, wording.last_sign(incident), _channels(incident))


@receiver(signals.incident_moved, dispatch_uid="incidents.escalate_moved")
def on_moved(incident: Incident, before: str, text: str, user: User | None, **_: Any) -> None:
    """Somebody has it, nobody has it any more, it is over, or it is not over after all."""
    if incident.state in HELD:
        pages.recall(incident)
        escalations.hurry(incident)
    elif incident.state in OVER:
        escalations.end(incident)
    elif before in OVER:
        escalations.begin(incident)
    else:
        escalations.let_go(incident)
    lapsed = incident.state == IncidentState.OPEN and user is None  # whoever was paged is paged again instead
    who = f"{user.get_username()}: " if user is not None else ""
    to = _channels(incident) if lapsed else [each for each in _everybody(incident) if each.user != user or user is None]
    _tell(incident, f"{incident.get_state_display()}. {who}{text}", to)


@receiver(signals.incident_declined, dispatch_uid="incidents.escalate_declined")
def on_declined(incident: Incident, user: User, **_: Any) -> None:
    """The next level is due at once."""
    escalations.skip_ahead(incident, user)


@receiver(signals.severity_changed, dispatch_uid="incidents.escalate_severity")
def on_severity(incident: Incident, before: str, **_: Any) -> None:
    """What has become worse may need somebody now; what turned out harmless needs nobody."""
    escalations.weigh(incident)
    _tell(incident, f"It was {Severity(before).label.lower()}.", _everybody(incident))


@receiver(signals.fact_established, dispatch_uid="incidents.escalate_fact")
def on_fact(incident: Incident, **_: Any) -> None:
    """A fact may bring a level."""
    escalations.hurry(incident)


def _channels(incident: Incident) -> list[recipients.Recipient]:
    return list(recipients.channels_of(incident.environment_id, incident.severity))


def _everybody(incident: Incident) -> list[recipients.Recipient]:
    return list({each.mark: each for each in [*pages.told(incident), *_channels(incident)]}.values())


def _tell(incident: Incident, text: str, to: Iterable[recipients.Recipient]) -> None:
    """Within the transaction of the news, so once; the key only has to be new."""
    pages.write(incident, PageKind.NEWS, wording.news(incident, text), to, f"n{incident.pk}.{uuid.uuid4().hex}")
