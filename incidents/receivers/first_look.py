"""An incident that was opened is looked at, at once and elsewhere: whoever noticed it has other things to notice."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents import signals
from incidents.models import Incident
from incidents.services import doorbell


@receiver(signals.incident_opened, dispatch_uid="incidents.first_look")
def on_opened(incident: Incident, **_: Any) -> None:
    """Ring once it is there."""
    doorbell.ring_on_commit(incident)
