"""Pins: a backup that stays whatever the policy says, and how it is let go again."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest

from backups.models import Backup
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.runs.plan import By


class SetPin(ObjectAction):
    """Sets the pin of a backup to `pinned`; subclasses have the words."""

    permission = "backups.pin_backup"
    form = ReasonedForm
    pinned: ClassVar[bool]
    already: ClassVar[str]
    note: ClassVar[str]
    done: ClassVar[str]

    def obstacle(self, target: Backup) -> str:
        return self.already if target.pinned is self.pinned else ""

    def preview(self, target: Backup, request: HttpRequest) -> Preview:
        return Preview((self.note,))

    def perform(self, target: Backup, by: By, cleaned: dict[str, Any]) -> str:
        Backup.objects.filter(pk=target.pk).update(pinned=self.pinned)
        return f"{target.identifier} {self.done}"


class Pin(SetPin):
    """Keeps the backup for good."""

    name, label, pinned = "pin", "Keep for good", True
    already = "It is kept for good already."
    note = "It stays, whatever its age, until somebody lets it go."
    done = "is kept for good."


class Unpin(SetPin):
    """Lets the backup go by the policy, as any other."""

    name, label, pinned = "unpin", "Let it go…", False
    already = "It is not kept for good."
    note = "From now on the policy decides how long it stays; nothing is removed at once."
    done = "goes by the policy again."
