"""What happened in an incident, line by line."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident
from smsops.models import Run


class EntryKind(models.TextChoices):
    SIGN = "sign", "Sign"
    ACTION = "action", "Action"
    STATE = "state", "State"
    EVIDENCE = "evidence", "Evidence"
    NOTE = "note", "Note"
    FACT = "fact", "Fact"
    PAGE = "page", "Page"


class TimelineEntry(models.Model):
    """One line of an incident's timeline; only ever added. `author` is empty where smsops itself wrote it."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=10, choices=EntryKind)
    text = models.TextField()
    author = models.CharField(max_length=150, blank=True)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "timeline entries"
        indexes = [models.Index(fields=["incident", "at"], name="timeline_in_order")]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.text[:80]}"
