"""Who does what in an incident: commander, scribe, communications. Taken, given, handed over, laid down (I4)."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction

from incidents import signals
from incidents.models import EntryKind, Incident
from incidents.privacy import PERMISSION
from incidents.services import incidents, pages
from smsops.errors import WrongUse

ROLES = {
    "commander": ("Commander", "decides, and leaves the repairing to others"),
    "scribe": ("Scribe", "writes down what is done, and what is expected of it"),
    "communications": ("Communications", "keeps those informed who wait"),
}
ASSIGN = "incidents.assign_incident"


@transaction.atomic
def give_all(incident: Incident, people: Mapping[str, User | None], by: User, reason: str = "") -> list[str]:
    """Several roles at once, all or none; which were changed."""
    return [role for role, person in people.items() if give(incident, role, person, by, reason)]


@transaction.atomic
def give(incident: Incident, role: str, person: User | None, by: User, reason: str = "", *, free: bool = False) -> bool:
    """Let this person have the role, or nobody; whether that changed anything. Everybody may take a role, from somebody
    else for a reason, and hand over or lay down their own; the rest needs the permission to assign, unless `free`.
    WrongUse for less, and for somebody who may not sign in or not see the incident."""
    title = ROLES[role][0]
    held = pages.locked(incident.pk) or incident
    before: User | None = getattr(held, role)
    if before == person:
        return False
    _refuse(held, person)
    if by not in (person, before) and not free and not by.has_perm(ASSIGN):
        raise WrongUse(f"{title}: only who may give roles to others can give somebody else's away.")
    if person == by and before is not None and not reason.strip():
        raise WrongUse(f"{before.get_username()} is {title.lower()}: say why you take that.")
    Incident.objects.filter(pk=incident.pk).update(**{role: person})
    setattr(incident, role, person)
    incidents.note(incident, EntryKind.ACTION, _said(title, before, person, reason), author=by.get_username())
    signals.role_given.send(Incident, incident=incident, role=role, before=before, by=by)
    return True


def _refuse(incident: Incident, person: User | None) -> None:
    if not incident.live:
        raise WrongUse(f"It is {incident.get_state_display().lower()}; nobody needs a role in it.")
    if person is None:
        return
    if not person.is_active:
        raise WrongUse(f"{person.get_username()} may not sign in.")
    if incident.private and not person.has_perm(PERMISSION):
        raise WrongUse(f"{person.get_username()} may not see this incident.")


def _said(title: str, before: User | None, person: User | None, reason: str) -> str:
    now = person.get_username() if person is not None else "nobody"
    was = f", before {before.get_username()}" if before is not None else ""
    return f"{title}: {now}{was}. {reason}".strip()
