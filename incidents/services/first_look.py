"""Minute 0-2, by itself: the first look, the first pieces of evidence, and for bad incidents all of it (§5.2, I7)."""

from __future__ import annotations

from incidents.models import Incident
from incidents.services import doorbell, evidence, evidence_runs, triage


def look(number: int) -> None:
    """Triage first: it is what somebody who has just been woken reads."""
    incident = Incident.objects.select_related("environment", "change").filter(pk=number).first()
    if incident is None or not incident.live:
        return
    triage.take(incident)
    evidence.collect(incident)
    triage.take(incident)  # now that there is evidence the guess is better


def sweep() -> None:
    """Ring again for incidents nobody has looked at, and begin to collect for those that are bad."""
    for number, queue in triage.waiting():
        doorbell.ring(number, queue)
    evidence_runs.start_owed()
