"""A person calls an incident over while alerts of it still fire: that is allowed, and stays to be seen."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.dispatch import receiver

from incidents import signals
from incidents.models import Alert, AlertState, EntryKind, Incident, IncidentState
from incidents.services import incidents

NAMED = 5


@receiver(signals.incident_moved, dispatch_uid="incidents.alerts_contradict")
def on_moved(incident: Incident, user: User | None, **_: Any) -> None:
    """Note which alerts contradict the person."""
    if user is None or incident.state != IncidentState.RESOLVED:
        return
    firing = Alert.objects.filter(incident=incident, state=AlertState.FIRING).order_by("name")
    names = list(firing.values_list("name", flat=True).distinct()[: NAMED + 1])
    if not names:
        return
    more = " and others" if len(names) > NAMED else ""
    said = f"These alerts still fired when it was called resolved: {', '.join(names[:NAMED])}{more}."
    incident.contradicted = f"{incident.contradicted}\n{said}".strip()
    Incident.objects.filter(pk=incident.pk).update(contradicted=incident.contradicted)
    incidents.note(incident, EntryKind.FACT, said)
