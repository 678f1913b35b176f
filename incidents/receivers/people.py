"""Who is given a role in an incident is told, within the transaction that gives it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import User
from django.dispatch import receiver

from incidents import signals
from incidents.models import Incident, PageKind
from incidents.services import pages, recipients, wording
from incidents.services.roles import ROLES


@receiver(signals.role_given, dispatch_uid="incidents.tell_role")
def on_given(incident: Incident, role: str, by: User, **_: Any) -> None:
    """By their own ways, unless they took it themselves."""
    person: User | None = getattr(incident, role)
    if person is None or person == by:
        return
    title, does = ROLES[role]
    text = f"{wording.headline(incident)}\nYou are {title.lower()} now, says {by.get_username()}: who {does}."
    to = recipients.of_person(person, incident.severity)
    pages.write(incident, PageKind.NEWS, text, to, f"r{incident.pk}.{uuid.uuid4().hex}")
