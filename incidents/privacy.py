"""Who may see what of private incidents: nothing of them is shown, counted or found without the permission (I4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q

from incidents.models import Incident
from smsops.audit.discretion import PRIVATE
from smsops.models import Run

PERMISSION = "incidents.see_private_incident"
LOOKING = ("evidence", "diagnosis")  # kinds of runs that only look at an incident, and say what they saw


@dataclass(frozen=True)
class Terminal:
    """Whoever sits at a terminal: their user has the machine anyway, and so sees everything; but what is private comes
    onto the screen, into a mail of cron or into a log only when it was asked for in the name of somebody who may."""

    private: bool = False

    def has_perm(self, permission: str) -> bool:
        return permission != PERMISSION or self.private


def seen_by(user: Any, path: str = "") -> Q:
    """The condition for rows that this person may see; `path` leads from the row to its incident, like “incident__”; a
    row without one is seen. None stands for smsops itself, which sees all."""
    if user is None or user.has_perm(PERMISSION):
        return Q()
    return ~Q(**{f"{path}private": True})


def runs_seen_by(user: Any) -> Q:
    """The same for runs: those that look at an incident are as private as it is."""
    if user is None or user.has_perm(PERMISSION):
        return Q()
    hidden = list(Incident.objects.filter(private=True).values_list("pk", flat=True))
    return ~Q(kind__in=LOOKING, params__incident__in=hidden) if hidden else Q()


def scope_of(row: Model) -> str:
    """The incident this row is as private as, as the audit trail has it; empty where it belongs to none."""
    if isinstance(row, Incident):
        return f"incident:{row.pk}"
    if isinstance(row, Run):
        number = row.params.get("incident") if row.kind in LOOKING else None
    else:
        number = getattr(row, "incident_id", None)
    return f"incident:{number}" if number else ""


def scopes_hidden_from(user: Any) -> list[str]:
    """The scopes of the audit trail this person may not read: those of private incidents."""
    if user is None or user.has_perm(PERMISSION):
        return []
    hidden = Incident.objects.filter(private=True).values_list("pk", flat=True)
    return [PRIVATE, *(f"incident:{number}" for number in hidden)]
