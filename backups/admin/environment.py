"""What the backups app adds to an environment's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from backups import selectors
from backups.services import backups, restores
from smsops.admin.actions import DestructiveForm, ObjectAction, Preview
from smsops.models import Environment, Run
from smsops.runs.plan import By, active_exclusive, busy


class BackUpNow(ObjectAction):
    """Takes a backup now."""

    name, label = "backup", "Back up now"
    permission = "smsops.backup_environment"

    def obstacle(self, target: Environment) -> str:
        other = active_exclusive(target)
        return busy(other) if other else ""

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        plan = backups.plan(target)
        return Preview(plan.notes, plan)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return backups.request(target, by)


class RestoreLatest(ObjectAction):
    """Restores the newest good backup; older ones have their own button."""

    name, label, tone = "restore", "Restore…", "danger"
    permission = "smsops.restore_environment"
    form = DestructiveForm

    def obstacle(self, target: Environment) -> str:
        if selectors.latest_good(target) is None:
            return "There is no good backup yet."
        other = active_exclusive(target)
        return busy(other) if other else ""

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        plan = restores.plan(selectors.find(target, "latest"))
        chosen = "This is the newest good backup; to go further back, open an older one in the list of backups."
        return Preview((*plan.notes, chosen), plan)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return restores.start(selectors.find(target, "latest"), by)
