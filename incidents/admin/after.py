"""What follows an incident, on the incident's own page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from incidents.models import Incident, PostMortem


def of_incident(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    """Its post-mortem and its action items, as far as this person may see them."""
    user = request.user
    found = PostMortem.objects.filter(incident=incident).select_related("owner")
    postmortem = found.first() if user.has_perm("incidents.view_postmortem") else None
    items = []
    if user.has_perm("incidents.view_actionitem"):
        items = list(incident.action_items.select_related("owner").order_by("state", "due_at", "pk"))
    return {"postmortem": postmortem, "items": items} if postmortem or items else {}
