"""What follows an incident, on the incident's own page and, where it is overdue, on the dashboard."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from incidents.models import MEASURING, ActionItem, ActionState, Incident, PostMortem
from incidents.privacy import seen_by

SHOWN = 5  # lines of each on the dashboard


def of_incident(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    """Its post-mortem and its action items, as far as this person may see them."""
    user = request.user
    found = PostMortem.objects.filter(incident=incident).select_related("owner")
    postmortem = found.first() if user.has_perm("incidents.view_postmortem") else None
    items: list[ActionItem] = []
    if user.has_perm("incidents.view_actionitem"):
        items = items_of(incident)
    return {"postmortem": postmortem, "items": items} if postmortem or items else {}


def items_of(incident: Incident) -> list[ActionItem]:
    """Its action items, what is to be done first."""
    found = ActionItem.objects.filter(incident=incident).select_related("owner")
    return list(found.order_by("-state", "due_at", "pk"))


def panel(request: HttpRequest) -> dict[str, Any]:
    """What is overdue, as far as this person may see it, the longest first."""
    user, late = request.user, {"due_at__lt": timezone.now(), "incident__drill": False}
    found: list[Any] = []
    if user.has_perm("incidents.view_postmortem"):
        unapproved = PostMortem.objects.filter(seen_by(user, "incident__"), state__in=MEASURING, **late)
        found += unapproved.select_related("incident", "owner").order_by("due_at")[:SHOWN]
    if user.has_perm("incidents.view_actionitem"):
        todo = ActionItem.objects.filter(seen_by(user, "incident__"), state=ActionState.TODO, **late)
        found += todo.select_related("owner").order_by("due_at")[:SHOWN]
    return {"afterwards": found}
