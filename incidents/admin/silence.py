"""Silences and maintenance windows, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from incidents.models import MaintenanceWindow, Silence
from smsops.admin.actions import ObjectAction, Preview
from smsops.admin.base import OperationsAdmin
from smsops.admin.nothing import Nothing
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import badge


class EndSilence(ObjectAction):
    """Ends it early."""

    name, label = "end", "End it now"
    permission = "incidents.change_silence"

    def obstacle(self, target: Silence) -> str:
        return "It is over." if target.over else ""

    def preview(self, target: Silence, request: HttpRequest) -> Preview:
        return Preview(("Alerts that it kept quiet and that still fire open their incidents within seconds.",))

    def perform(self, target: Silence, by: By, cleaned: dict[str, Any]) -> str:
        Silence.objects.filter(pk=target.pk).update(ends_at=timezone.now())
        return "The silence is over."


class EndWindow(ObjectAction):
    """Switches it off."""

    name, label = "end", "Switch it off"
    permission = "incidents.change_maintenancewindow"

    def obstacle(self, target: MaintenanceWindow) -> str:
        return "" if target.enabled else "It is off."

    def preview(self, target: MaintenanceWindow, request: HttpRequest) -> Preview:
        return Preview(("It excuses nothing from now on; alerts that still fire open their incidents within seconds.",))

    def perform(self, target: MaintenanceWindow, by: By, cleaned: dict[str, Any]) -> str:
        MaintenanceWindow.objects.filter(pk=target.pk).update(enabled=False)
        return "The window is off."


class _Kept(OperationsAdmin):
    """Stays as a record of who kept what quiet; ended, not deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Silence)
class SilenceAdmin(_Kept):
    nothing = Nothing("Nothing is kept quiet.")
    list_display = ("reason", "status", "environment", "match", "starts_at", "ends_at", "created_by")
    list_filter = ("environment",)
    list_select_related = ("environment", "created_by")
    search_fields = ("reason",)
    object_actions = (EndSilence(),)
    in_bulk = ("end",)
    readonly_fields = ("created_by",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or not obj.over)

    def save_model(self, request: HttpRequest, obj: Silence, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    @admin.display(description="State")
    def status(self, silence: Silence) -> str:
        if silence.over:
            return badge("closed", "Over")
        return badge("running", "In force") if silence.starts_at <= timezone.now() else badge("planned", "Later")


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(_Kept):
    nothing = Nothing("No maintenance is planned.")
    list_display = ("title", "status", "environment", "starts_at", "minutes", "repeats", "zone", "until")
    list_filter = ("environment", "repeats", "enabled")
    list_select_related = ("environment",)
    search_fields = ("title",)
    object_actions = (EndWindow(),)

    @admin.display(description="State")
    def status(self, window: MaintenanceWindow) -> str:
        if not window.enabled:
            return badge("unknown", "Off")
        return badge("running", "In force") if window.holds(timezone.now()) else badge("planned", "Not now")
