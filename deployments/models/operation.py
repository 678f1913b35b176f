"""Runs that belong into the operations log."""

from __future__ import annotations

from smsops.models import Run

WORDS = {
    "deploy": "Deploy",
    "rollback": "Rollback",
    "restore": "Restore",
    "rotation": "Key rotation",
    "key_rotation": "Key rotation",
}
KINDS = tuple(WORDS)


class Operation(Run):
    """A run that changed what SMS is: a deploy, rollback, restore or key rotation. Another view of the row."""

    class Meta:
        proxy = True
        verbose_name = "operation"
        verbose_name_plural = "operations log"
        ordering = ["-created_at", "-pk"]
