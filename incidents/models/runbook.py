"""What people write into the runbook: a note beside a section, of one environment or of all."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from smsops.models import Environment


class RunbookNote(models.Model):
    """One version of a note; only ever added. The newest counts, and an empty one says that there is none any more.

    Without an environment it is for all of them. `base` is the version its author had before them: where that is not
    the one before, they have read the other's and replaced it knowingly.
    """

    environment = models.ForeignKey(
        Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="runbook_notes"
    )
    section = models.CharField(max_length=12)
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True, help_text="Markdown.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=150)
    base = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]
        permissions = [("write_runbook", "Can write notes into the runbook")]
        constraints = [
            models.UniqueConstraint(Coalesce("environment", 0), "section", "version", name="one_note_per_version")
        ]

    def __str__(self) -> str:
        return f"§{self.section}, version {self.version}"
