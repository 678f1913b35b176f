"""What follows an incident, on the incident's own page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from incidents.models import ActionItem, Incident, PostMortem

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
