"""What the backups app adds to an environment's page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from backups import selectors
from backups.models import BackupSchedule, LogFollowing, RetentionPolicy
from backups.services import backups, housekeeping, offsite, restores, schedule
from smsops.admin.actions import DestructiveForm, ObjectAction, Preview, ReasonedForm
from smsops.admin.planned import ExclusiveAction, PlannedAction
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan
from smsops.text import seconds_text


class BackUpNow(ExclusiveAction, PlannedAction):
    """Takes a backup now."""

    name, label = "backup", "Back up now"
    permission = "smsops.backup_environment"

    def plan(self, target: Environment) -> Plan:
        return backups.plan(target)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return backups.request(target, by)


class TidyUp(ExclusiveAction, PlannedAction):
    """Lets old backups go by the policy now; otherwise it happens once a day."""

    name, label = "tidy", "Tidy up the vault…"
    permission = "backups.tidy_vault"

    def plan(self, target: Environment) -> Plan:
        return housekeeping.plan(target)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return housekeeping.request(target, by)


class RetentionInline(admin.StackedInline):  # type: ignore[type-arg]
    """How long backups stay, on the environment's page."""

    model = RetentionPolicy
    can_delete = False
    verbose_name_plural = "How long backups stay"


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


def panel(request: HttpRequest) -> dict[str, Any]:
    """The warning about keys and how far the copies elsewhere are, for those who see backups."""
    if not request.user.has_perm("backups.view_backup"):
        return {"key_warning": "", "offsite": {}, "following": {}}
    at_risk = selectors.keyring().at_risk()
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for vault, lag in offsite.standings():
        late = lag > vault.allowed_lag or bool(vault.problem)
        behind = seconds_text(lag.total_seconds()) + " behind" if lag else "up to date"
        found[vault.environment_id].append({"vault": vault, "late": late, "said": behind})
    return {
        "key_warning": selectors.key_warning(at_risk) if at_risk else "",
        "offsite": dict(found),
        "following": {row.environment_id: row for row in LogFollowing.objects.filter(enabled=True)},
    }


class RestoreLatest(ExclusiveAction):
    """Restores the newest good backup; older ones have their own button."""

    name, label, tone = "restore", "Restore…", "danger"
    permission = "smsops.restore_environment"
    form = DestructiveForm

    def refusal(self, target: Environment) -> str:
        return "There is no good backup yet." if selectors.latest_good(target) is None else ""

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        plan = restores.plan(selectors.find(target, "latest"))
        chosen = "This is the newest good backup; to go further back, open an older one in the list of backups."
        return Preview((*plan.notes, chosen), plan)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return restores.start(selectors.find(target, "latest"), by)
