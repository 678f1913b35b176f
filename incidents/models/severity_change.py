"""When an incident got which severity: how long it was how bad is part of its impact."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident, Severity


class SeverityChange(models.Model):
    """An incident has this severity from this moment on, until the next change of it."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="severity_changes")
    at = models.DateTimeField(default=timezone.now)
    severity = models.CharField(max_length=10, choices=Severity)
    author = models.CharField(max_length=150, blank=True, help_text="Who chose it; empty where smsops did.")

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} from {self.at:%H:%M:%S}"
