"""What the backups app adds to an environment's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backups import selectors
from backups.admin import outlook
from backups.models import RetentionPolicy
from backups.services import backups, housekeeping, restores
from smsops.admin.actions import DestructiveForm, Preview
from smsops.admin.planned import ExclusiveAction, PlannedAction
from smsops.admin.typed import Typed
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan


class BackUpNow(ExclusiveAction, PlannedAction):
    """Takes a backup now."""

    name, label, place = "backup", "Back up now", 1
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


class RetentionInline(Typed, admin.StackedInline):  # type: ignore[type-arg]
    """How long backups stay, on the environment's page."""

    model = RetentionPolicy
    can_delete = False
    verbose_name = verbose_name_plural = "How long backups stay"
    classes = ("collapse", "fold")


class RestoreLatest(ExclusiveAction):
    """Restores the newest good backup; older ones have their own button."""

    name, label, tone = "restore", "Restore…", "danger"
    permission = "smsops.restore_environment"
    form = DestructiveForm

    def refusal(self, target: Environment) -> str:
        return "There is no good backup yet." if selectors.latest(target) is None else ""

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        backup = selectors.find(target, "latest")
        plan = restores.plan(backup)
        chosen = f"This is the newest {'good ' if backup.good else ''}backup; to go further back, open an older one in "
        unproven = () if backup.good else ("Nothing is proven of it yet; it is proven before SMS is stopped.",)
        return Preview((*plan.notes, *unproven, f"{chosen}the list of backups."), plan,
                       parts=(outlook.part(backup, request),))  # fmt: skip

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return restores.start(selectors.find(target, "latest"), by)
