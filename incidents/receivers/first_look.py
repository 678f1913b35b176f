"""An incident that was opened is looked at, at once and elsewhere: whoever noticed it has other things to notice."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents import signals
from incidents.models import LIVE, Incident, IncidentState
from incidents.services import doorbell, evidence


@receiver(signals.incident_opened, dispatch_uid="incidents.first_look")
def on_opened(incident: Incident, **_: Any) -> None:
    """Ring once it is there."""
    doorbell.ring_on_commit(incident)


@receiver(signals.incident_moved, dispatch_uid="incidents.look_again")
def on_moved(incident: Incident, before: str, **_: Any) -> None:
    """One that was not over after all is looked at anew: it may be another trouble than the first time."""
    if incident.state == IncidentState.OPEN and before not in LIVE:
        doorbell.ring_on_commit(incident)


@receiver(signals.sign_joined, dispatch_uid="incidents.another_look")
def on_joined(incident: Incident, **_: Any) -> None:
    """What could not be taken is tried again while signs come: the engine may be back."""
    if doorbell.rested(incident) and evidence.missing(incident):
        doorbell.ring_on_commit(incident)
