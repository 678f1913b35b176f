"""On every page: whether somebody sends pages. On the dashboard: whether one would reach anybody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from incidents.services import gaps, life


def warning() -> str:
    """That the schedule is dead, for everybody to see; empty when all is well."""
    return life.complaint()


def panel(request: HttpRequest) -> dict[str, Any]:
    """Whom a page would not reach, for who may see incidents."""
    if not request.user.has_perm("incidents.view_incident"):
        return {}
    return {"no_page_reaches": gaps.find(timezone.now()).headline}
