"""Establishes facts about an incident; the first time counts, later ones change nothing."""

from __future__ import annotations

from django.db import transaction

from incidents import signals
from incidents.models import EntryKind, Fact, FactKind, Incident
from incidents.services import incidents
from smsops.redact import redact


@transaction.atomic
def establish(incident: Incident, kind: FactKind, text: str, by: str = "") -> Fact:
    """Write it down, with a line on the timeline and the news of it, unless it is known already."""
    fact, new = Fact.objects.get_or_create(incident=incident, kind=kind, defaults={"text": redact(text), "by": by})
    if new:
        incidents.note(incident, EntryKind.FACT, f"{kind.label}: {text}", author=by)
        signals.fact_established.send(Fact, incident=incident, fact=fact)
    return fact


def known(incident: Incident) -> set[str]:
    """The kinds of facts that are established."""
    return set(incident.facts.values_list("kind", flat=True))
