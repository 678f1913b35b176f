"""Our admin site: its index is the dashboard, which the rooms above fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path

from smsops import troubles
from smsops.admin.signing_in import SignInSite
from smsops.audit import forms

Panel = Callable[[HttpRequest], dict[str, Any]]
_PANELS: list[Panel] = []


def add_panel(panel: Panel) -> None:
    """Let `panel` add to what the dashboard shows."""
    if panel not in _PANELS:
        _PANELS.append(panel)


View = Callable[..., HttpResponseBase]
V = TypeVar("V", bound=View)
_PAGES: list[tuple[str, str, View]] = []


def add_page(route: str, name: str, view: View) -> None:
    """Give the admin a page of another room; only people who are signed in as staff get to it."""
    if all(known != name for _, known, _ in _PAGES):
        _PAGES.append((route, name, view))


Warning = Callable[[], str]
_WARNINGS: list[Warning] = []


def add_warning(warning: Warning) -> None:
    """Let `warning` say a sentence on every page, when it has to; empty says nothing."""
    if warning not in _WARNINGS:
        _WARNINGS.append(warning)


def warnings_for(user: Any) -> list[str]:
    """What every page says to this person above everything else; what is wrong with smsops itself among it."""
    return [*(said for warning in _WARNINGS if (said := warning())), *(said for _, said in troubles.seen_by(user))]


class OperationsSite(SignInSite):
    site_header = "smsops"
    site_title = "smsops"
    index_title = "Operations"
    site_url = None
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        pages: list[URLPattern | URLResolver] = [
            path(route, self.admin_view(view), name=name) for route, name, view in _PAGES
        ]
        return [*pages, *super().get_urls()]

    def admin_view(self, view: V, cacheable: bool = False) -> V:
        """What a form changes goes into the audit trail, whoever registered its page."""
        return cast(V, super().admin_view(forms.watched(view), cacheable))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        warnings = warnings_for(request.user) if self.has_permission(request) else []
        return {**super().each_context(request), "house_warnings": warnings}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context: dict[str, Any] = {}
        for panel in _PANELS:
            context |= panel(request)
        return super().index(request, {**context, **(extra_context or {})})
