"""Incidents and their timelines."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.models import Environment, Run
from smsops.states import table


class Severity(models.TextChoices):
    """Runbook §5.1."""

    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


ORDER = {Severity.LOW: 0, Severity.MEDIUM: 1, Severity.HIGH: 2, Severity.CRITICAL: 3}
RESPONSE = {
    Severity.CRITICAL: timedelta(minutes=15),
    Severity.HIGH: timedelta(minutes=30),
    Severity.MEDIUM: timedelta(hours=1),
    Severity.LOW: timedelta(days=1),
}


class IncidentState(models.TextChoices):
    OPEN = "open", "Open"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"


INCIDENT_TABLE = table(
    open="acknowledged mitigated resolved",
    acknowledged="mitigated resolved",
    mitigated="resolved open",
    resolved="closed open",
    closed="open",
)
LIVE = frozenset({IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED})


class Incident(models.Model):
    """One root cause of trouble at an environment. While it is live, further signs of it join its timeline."""

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="incidents")
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=10, choices=Severity)
    state = models.CharField(max_length=14, choices=IncidentState, default=IncidentState.OPEN)
    fingerprint = models.CharField(max_length=60, help_text="What the signs of one root cause have in common.")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents")
    detected_at = models.DateTimeField(default=timezone.now)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    mitigated_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)

    class Meta:
        ordering = ["-detected_at", "-pk"]
        permissions = [
            ("acknowledge_incident", "Can acknowledge an incident"),
            ("resolve_incident", "Can resolve and close an incident"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "fingerprint"],
                condition=models.Q(state__in=["open", "acknowledged", "mitigated"]),
                name="one_live_incident_per_cause",
            )
        ]
        indexes = [models.Index(fields=["environment", "-detected_at"], name="incident_newest_first")]

    def __str__(self) -> str:
        return f"{self.title} (incident {self.pk})"

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_incident_change", args=[self.pk])

    @property
    def moment_before(self) -> datetime:
        """Just before it was noticed; what caused it may have been earlier."""
        return self.detected_at - timedelta(milliseconds=1)

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def response_due_at(self) -> datetime:
        """Until when somebody should have acknowledged it (§5.1)."""
        return self.detected_at + RESPONSE[Severity(self.severity)]

    @property
    def seconds(self) -> float:
        """From detection to resolution, or until now."""
        return ((self.resolved_at or timezone.now()) - self.detected_at).total_seconds()


class EntryKind(models.TextChoices):
    SIGN = "sign", "Sign"
    ACTION = "action", "Action"
    STATE = "state", "State"
    EVIDENCE = "evidence", "Evidence"
    NOTE = "note", "Note"


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


class Evidence(models.Model):
    """A file taken before anything was mitigated; its digest proves that it is still what was taken (§5.2)."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="evidence")
    name = models.CharField(max_length=80)
    path = models.CharField(max_length=500)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(default=0)
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["incident", "name"]
        verbose_name_plural = "evidence"
        constraints = [models.UniqueConstraint(fields=["incident", "name"], name="one_piece_of_evidence_per_name")]

    def __str__(self) -> str:
        return self.name
