"""Our admin site: its index is the dashboard, which the rooms above fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse

Panel = Callable[[HttpRequest], dict[str, Any]]
_PANELS: list[Panel] = []


def add_panel(panel: Panel) -> None:
    """Let `panel` add to what the dashboard shows."""
    if panel not in _PANELS:
        _PANELS.append(panel)


class OperationsSite(AdminSite):
    site_header = "smsops"
    site_title = "smsops"
    index_title = "Operations"
    site_url = None
    enable_nav_sidebar = False

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context: dict[str, Any] = {}
        for panel in _PANELS:
            context |= panel(request)
        return super().index(request, {**context, **(extra_context or {})})
