"""Many incidents at once, each with a person of its own to page."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import Escalation, EscalationPolicy, Incident, Issue, Severity, TimelineEntry
from incidents.services import policies
from smsops.models import Environment
from tests.paging.people import policy


def storm(environment: Environment, number: int, name: str = "storm") -> list[Escalation]:
    """So many escalations, all due now."""
    users = [User(username=f"{name}{each}", email=f"{name}{each}@example.org") for each in range(number)]
    people = User.objects.bulk_create(users)
    known = EscalationPolicy.objects.first() or policy({"users": people[:1]})
    frozen, now = policies.freeze(known), timezone.now()
    rows = [
        Incident(
            environment=environment, fingerprint=f"{name} {each}", title=f"Down {each}",
            severity=Severity.CRITICAL, issue=Issue.SERVICE,
        )
        for each in range(number)
    ]  # fmt: skip
    incidents = Incident.objects.bulk_create(rows)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(incident=each, kind="sign", text=f"sign {text}") for each in incidents for text in ("old", "new")
    )
    return Escalation.objects.bulk_create(
        Escalation(incident=each, policy=frozen | {"levels": [frozen["levels"][0] | {"users": [who.pk]}]}, due_at=now)
        for each, who in zip(incidents, people, strict=True)
    )
