"""The first look, on top of an incident's page: what is broken, what runs right now, what changed, a first guess."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from incidents.models import Incident, Triage
from smsops.admin.parts import PagePart
from smsops.limits import within
from smsops.models import ACTIVE, Run


def context(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    """What was seen in the first minute, and what is under way now."""
    found = Triage.objects.filter(incident=incident).order_by("-time").first()
    if found is None and not incident.live:
        return {}
    runs = Run.objects.filter(environment_id=incident.environment_id, state__in=ACTIVE)
    under_way = list(within(runs, request.user)[:10])
    return {"triage": found, "under_way": under_way if request.user.has_perm("smsops.view_run") else []}


PART = PagePart("admin/incidents/incident/_first_look.html", context)
