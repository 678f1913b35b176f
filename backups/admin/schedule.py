"""When backups are taken, in the admin: the hours on the environment's page, and the pause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from backups.models import BackupSchedule
from backups.services import schedule
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.models import Environment
from smsops.runs.plan import By


class ScheduleInline(admin.StackedInline):  # type: ignore[type-arg]
    """When backups are taken, on the environment's page."""

    model = BackupSchedule
    can_delete = False
    verbose_name_plural = "When backups are taken"
    readonly_fields = ("pause",)
    fields = (("opens", "closes", "business_days"), "quiet_minutes", "time_zone", "holidays", "pause")

    @admin.display(description="Pause")
    def pause(self, found: BackupSchedule) -> str:
        if not found.paused:
            return "none"
        return f"until {found.paused_until:%Y-%m-%d %H:%M} UTC, by {found.paused_by}: {found.pause_reason}"


class PauseForm(ReasonedForm):
    """Asks how long."""

    hours = forms.IntegerField(label="For how many hours", min_value=1, max_value=168, initial=1)
    field_order: Sequence[str] = ("hours", "reason")


class PauseBackups(ObjectAction):
    """Takes no scheduled backups for a while; it ends by itself."""

    name, label = "pause", "Pause backups…"
    permission = "backups.pause_backups"
    form = PauseForm

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        return Preview((
            "No scheduled backup is taken until the pause ends by itself; backups on demand and before changes are.",
            f"The RPO of {target.rpo_minutes} minutes is broken if it lasts longer than that.",
        ))  # fmt: skip

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> str:
        found = schedule.pause(target, timedelta(hours=cleaned["hours"]), by)
        return f"Backups of {target} are paused until {found.paused_until:%Y-%m-%d %H:%M} UTC."


class ResumeBackups(ObjectAction):
    """Ends a pause early."""

    name, label = "resume", "Resume backups"
    permission = "backups.pause_backups"

    def obstacle(self, target: Environment) -> str:
        return "" if schedule.of(target).paused else "Backups are not paused."

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        return Preview(("Scheduled backups go on within one period.",))

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> str:
        schedule.resume(target)
        return f"Backups of {target} go on."
