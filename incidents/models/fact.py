"""Facts about an incident: what escalation and suggestions go by besides time (runbook §5.4)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident


class FactKind(models.TextChoices):
    INTEGRITY_FAILED = "integrity_failed", "An integrity check fails"
    EXPOSURE_CONFIRMED = "exposure_confirmed", "The exposure is confirmed"
    CAUSE_KNOWN = "cause_known", "The root cause is known"
    ROWS_LOST = "rows_lost", "Rows are lost"
    SERVES_AGAIN = "serves_again", "SMS serves again by itself"
    UNDO_FAILED = "undo_failed", "A change could not be undone"


class Fact(models.Model):
    """One thing that was established about an incident; the first time counts. `by` is empty where smsops found out."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="facts")
    kind = models.CharField(max_length=30, choices=FactKind)
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["incident", "kind"], name="one_fact_of_a_kind_per_incident")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:80]}"
