"""How the backups of smsops' own rows stand."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class OwnBackups(models.Model):
    """One row, written by the worker that takes them: pages are not always where the vault is."""

    ONE = 1

    looked_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True, help_text="When the newest was taken.")
    failing_since = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, help_text="Why the last one was not taken.")
    uncopied_since = models.DateTimeField(null=True)
    uncopied = models.TextField(blank=True, help_text="Why they are not elsewhere.")

    class Meta:
        default_permissions = ()  # it is on no page of its own
        verbose_name_plural = "own backups"

    def __str__(self) -> str:
        return f"smsops' own rows, {self.taken_at or 'never'}"
