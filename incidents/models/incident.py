"""Incidents: what is wrong at an environment, how bad it is, who has it, and its clocks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
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
    acknowledged="mitigated resolved open",
    mitigated="resolved open",
    resolved="closed open",
    closed="open",
)
LIVE = frozenset({IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED})


def _person(role: str) -> models.ForeignKey[User | None, User | None]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text=role
    )


class Issue(models.TextChoices):
    """The rows of the escalation matrix (runbook §5.4)."""

    SERVICE = "service", "Service down"
    DATA = "data", "Data integrity"
    SECURITY = "security", "Security"
    UNKNOWN = "unknown", "Unknown error"


class Incident(models.Model):
    """One root cause of trouble at an environment. While it is live, further signs of it join its timeline."""

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="incidents")
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=10, choices=Severity)
    state = models.CharField(max_length=14, choices=IncidentState, default=IncidentState.OPEN)
    issue = models.CharField("kind of issue", max_length=10, choices=Issue, default=Issue.UNKNOWN)
    fingerprint = models.CharField(max_length=60, help_text="What the signs of one root cause have in common.")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents")
    change = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="The last change of SMS before it was noticed.",
    )  # fmt: skip
    release = models.CharField(max_length=60, blank=True, help_text="What ran when it was noticed.")
    drill = models.BooleanField(default=False, help_text="Played on purpose: counts in no figure of real trouble.")
    private = models.BooleanField(default=False, help_text="Seen only by those who may see private incidents.")

    began_at = models.DateTimeField(
        null=True, blank=True, help_text="When the trouble began, where that is known to be before it was noticed."
    )
    detected_at = models.DateTimeField(default=timezone.now)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    taken_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when somebody has it; too long ago, and it lapses."
    )
    mitigated_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)
    contradicted = models.TextField(blank=True, help_text="What was red when a person called it resolved.")
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When nothing contradicted that any more.")
    reopened = models.PositiveIntegerField(default=0, help_text="How many times it was not over after all.")
    reopened_at = models.DateTimeField(null=True, blank=True, help_text="When it last turned out so.")
    flapping = models.BooleanField(default=False, help_text="It came back soon after its end; over when steady.")
    cause = models.TextField(blank=True, help_text="The root cause, once somebody knows it.")

    commander = _person("Decides, and leaves the repairing to others.")
    scribe = _person("Writes down what is done, and what is expected of it.")
    communications = _person("Keeps those informed who wait.")

    class Meta:
        ordering = ["-detected_at", "-pk"]
        permissions = [
            ("acknowledge_incident", "Can acknowledge an incident"),
            ("resolve_incident", "Can resolve and close an incident"),
            ("report_incident", "Can report an incident and add to its timeline"),
            ("see_private_incident", "Can see private incidents"),
            ("classify_incident", "Can change the severity of an incident"),
            ("assign_incident", "Can give the roles of an incident to others"),
            ("correct_incident", "Can correct the clocks of an incident"),
            ("collect_evidence", "Can have evidence collected, and the diagnosis of a playbook run"),
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
        """Its title, but that of a private one never: this goes into histories, labels and questions of any page."""
        return f"Private incident {self.pk}" if self.private else f"{self.title} (incident {self.pk})"

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_incident_change", args=[self.pk])

    @property
    def moment_before(self) -> datetime:
        """Just before it began, or was noticed, where no more is known; what caused it may have been earlier."""
        return self.began - timedelta(milliseconds=1)

    @property
    def began(self) -> datetime:
        """Its beginning, or when it was noticed, where that is all that is known."""
        return self.began_at or self.detected_at

    @property
    def answered_at(self) -> datetime | None:
        """When somebody first had it, or users were served again without anybody: what a response time is judged by."""
        return self.acknowledged_at or self.mitigated_at or self.resolved_at

    @property
    def rto_ends_at(self) -> datetime:
        """When the RTO is over: it counts from detection (runbook §4.4)."""
        return self.detected_at + timedelta(minutes=self.environment.rto_minutes)

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def contradicts(self) -> bool:
        """Whether a person called it over, and something still says that it is not."""
        return bool(self.contradicted) and self.settled_at is None and not self.live

    @property
    def seconds(self) -> float:
        """From detection to resolution, or until now."""
        return ((self.resolved_at or timezone.now()) - self.detected_at).total_seconds()
