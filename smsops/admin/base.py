"""What our admin pages have in common."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from smsops.admin.actions import ActionsMixin


class OperationsAdmin(ActionsMixin):
    """A page with object actions; lists show facets and do not count what nobody asked for."""

    show_facets = admin.ShowFacets.ALLOW
    show_full_result_count = False
    list_per_page = 50
    view_on_site = False  # the admin is the site


class RecordAdmin(OperationsAdmin):
    """A record of what happened: nobody adds, changes or deletes it by hand."""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context["records_only"] = True  # no edit history: nobody edits
        return super().render_change_form(request, context, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
