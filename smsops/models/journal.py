"""The write-ahead journal and the leases of workers."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from smsops.models.run import Run, Step


class Entry(models.TextChoices):
    INTENT = "intent", "Intends to act"
    DONE = "done", "Acted"
    FOUND_DONE = "found_done", "Found already done"
    REDO = "redo", "Begins again"
    RETRY = "retry", "Tries again"
    FAILED = "failed", "Failed"
    UNDO_INTENT = "undo_intent", "Intends to undo"
    UNDONE = "undone", "Undone"
    STUCK = "stuck", "Could not undo"
    STATE = "state", "Run changed state"
    CANCEL = "cancel", "Cancelling was asked for"


class JournalEntry(models.Model):
    """One line of a run's journal; only ever added, in the same transaction as the state it explains."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="journal")
    step = models.ForeignKey(Step, null=True, blank=True, on_delete=models.CASCADE, related_name="journal")
    at = models.DateTimeField(default=timezone.now)
    entry = models.CharField(max_length=12, choices=Entry)
    token = models.PositiveBigIntegerField(default=0)
    holder = models.CharField(max_length=160, blank=True)
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "journal entries"

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.get_entry_display()}"


class Lease(models.Model):
    """Who may work on a scope, until when. The token grows with every change of hands and never falls."""

    scope = models.CharField(max_length=60, unique=True)
    token = models.PositiveBigIntegerField(default=0)
    holder = models.CharField(max_length=160, blank=True)
    expires_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.scope} #{self.token}"
