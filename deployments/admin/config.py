"""Config snapshots in the admin: what changed from one to another, and never a value."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from deployments.models import ConfigSnapshot
from deployments.services import config
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import on_environments
from smsops.templatetags.smsops_ui import ago
from smsops.text import number_in

OTHERS = 30  # snapshots one may be compared with by a click


@admin.register(ConfigSnapshot)
class ConfigSnapshotAdmin(RecordAdmin):
    nothing = on_environments("No configuration was kept yet: every deploy keeps the one it finds.")
    list_display = ("when", "environment", "release_version", "count", "run", "seen", "compare")
    list_filter = ("environment",)
    list_select_related = ("environment", "run")
    date_hierarchy = "taken_at"
    long_sorts = ("when",)
    search_fields = ("environment__name", "release_version", "image_id")
    fieldsets = (
        (None, {"fields": ("environment", "taken_at", "seen", "run", "release_version", "image_id", "compare")}),
        ("Variables", {"fields": ("names", "not_applied")}),
        ("How it ran", {"fields": ("instance",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConfigSnapshot]:
        sealed = ("env_content", "compose_content")
        return super().get_queryset(request).select_related("environment", "run").defer(*sealed)

    @admin.display(description="Taken", ordering="taken_at")
    def when(self, snapshot: ConfigSnapshot) -> str:
        return ago(snapshot.taken_at)

    @admin.display(description="Variables")
    def count(self, found: ConfigSnapshot) -> int:
        return len(found.variables)

    @admin.display(description="Last seen")
    def seen(self, found: ConfigSnapshot) -> str:
        return ago(found.seen_at)

    @admin.display(description="Names")
    def names(self, found: ConfigSnapshot) -> str:
        return ", ".join(found.variables) or "none"

    @admin.display(description="Not yet in the running SMS")
    def not_applied(self, found: ConfigSnapshot) -> str:
        return ", ".join(config.unapplied(found)) or "none"

    @admin.display(description="Compare")
    def compare(self, found: ConfigSnapshot) -> str:
        return format_html('<a href="{}">What changed</a>', reverse("admin:deployments_config_diff", args=[found.pk]))


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """What a snapshot has otherwise than the one before it, or than the one in `?with=`."""
    if not request.user.has_perm("deployments.view_configsnapshot"):
        raise PermissionDenied
    rows = ConfigSnapshot.objects.select_related("environment").defer("env_content", "compose_content")
    after = get_object_or_404(rows, pk=pk)
    others = rows.filter(environment=after.environment).exclude(pk=pk)
    before: ConfigSnapshot | None
    chosen = request.GET.get("with", "")
    if chosen:
        before = get_object_or_404(others, pk=number_in(chosen))
    else:
        before = others.filter(pk__lt=pk).order_by("-pk").first()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "What changed in the configuration",
        "after": after,
        "before": before,
        "changes": config.diff(before, after) if before else [],
        "others": others[:OTHERS],
    }
    return TemplateResponse(request, "admin/deployments/config_diff.html", context)
