"""Corrections of an incident's clocks: what was noted by night may turn out wrong by day, and both stay to be seen."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident


class Clock(models.TextChoices):
    """In the order in which they are passed."""

    BEGAN = "began_at", "Began"
    DETECTED = "detected_at", "Detected"
    ACKNOWLEDGED = "acknowledged_at", "Acknowledged"
    MITIGATED = "mitigated_at", "Mitigated"
    RESOLVED = "resolved_at", "Resolved"


class ClockCorrection(models.Model):
    """One clock of one incident was set to another moment; only ever added. `was` is empty where it was not known."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="clock_corrections")
    clock = models.CharField(max_length=16, choices=Clock)
    at = models.DateTimeField("corrected", default=timezone.now)
    author = models.CharField("by", max_length=150)
    was = models.DateTimeField(null=True, blank=True)
    now = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_clock_display()} of incident {self.incident_id}"
