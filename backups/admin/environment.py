"""What the backups app adds to an environment's page."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backups import selectors
from backups.models import LogFollowing, RetentionPolicy
from backups.services import backups, housekeeping, offsite, restores
from smsops.admin.actions import DestructiveForm, Preview
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
