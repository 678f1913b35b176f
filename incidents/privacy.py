"""Who may see what of private incidents: nothing of them is shown, counted or found without the permission (I4)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

PERMISSION = "incidents.see_private_incident"


def seen_by(user: Any, path: str = "") -> Q:
    """The condition for rows that this person may see; `path` leads from the row to its incident, like “incident__”.
    None stands for a command, whose user has the machine anyway."""
    if user is None or user.has_perm(PERMISSION):
        return Q()
    return Q(**{f"{path}private": False})
