"""Pins: a backup that stays whatever the policy says, and how it is let go again."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from backups.models import Backup
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.runs.plan import By


class Pin(ObjectAction):
    """Keeps the backup for good."""

    name, label = "pin", "Keep for good"
    permission = "backups.pin_backup"
    form = ReasonedForm

    def obstacle(self, target: Backup) -> str:
        return "It is kept for good already." if target.pinned else ""

    def preview(self, target: Backup, request: HttpRequest) -> Preview:
        return Preview(("It stays, whatever its age, until somebody lets it go.",))

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> str:
        Backup.objects.filter(pk=target.pk).update(pinned=True)
        return f"{target.identifier} is kept for good."


class Unpin(ObjectAction):
    """Lets the backup go by the policy, as any other."""

    name, label = "unpin", "Let it go…"
    permission = "backups.pin_backup"
    form = ReasonedForm

    def obstacle(self, target: Backup) -> str:
        return "" if target.pinned else "It is not kept for good."

    def preview(self, target: Backup, request: HttpRequest) -> Preview:
        return Preview(("From now on the policy decides how long it stays; nothing is removed at once.",))

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> str:
        Backup.objects.filter(pk=target.pk).update(pinned=False)
        return f"{target.identifier} goes by the policy again."
