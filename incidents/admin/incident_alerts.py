"""The alerts of an incident on its page: a page of them at a time, in a constant number of queries."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest

from incidents.models import Alert, AlertState, Incident

PER_PAGE = 50
_OPEN_FIRST = Case(
    When(state=AlertState.FIRING, then=Value(0)), When(state=AlertState.STALE, then=Value(1)), default=Value(2),
    output_field=IntegerField(),
)  # fmt: skip


def of_incident(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    """Those that fire first; nothing for who may not see alerts, or where there are none."""
    if not request.user.has_perm("incidents.view_alert"):
        return {}
    found = Alert.objects.filter(incident=incident).select_related("source").order_by(_OPEN_FIRST, "-last_at", "-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("alerts"))
    return {"alerts": page} if page.paginator.count else {}
