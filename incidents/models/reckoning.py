"""What the ways back of an incident were when a worker beside the engine last looked (I9)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident


class Reckoning(models.Model):
    """One row per live incident. `ways` has, by the key of a way, what was seen of it (“open”, “why”, “costs”,
    “back_to”, “version”) and when (“at”), and “problem”, where the newest look did not see it."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="reckoning")
    next_at = models.DateTimeField(default=timezone.now, help_text="When it is looked at again.")
    looked_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0, help_text="How long the last look took.")
    ways = models.JSONField(default=dict, blank=True)
    advice = models.CharField(max_length=300, blank=True, help_text="The way to take, in a line for a message.")
    advice_until = models.DateTimeField(null=True, blank=True, help_text="Until when that line is true.")

    def __str__(self) -> str:
        return f"Ways back of incident {self.incident_id}"
