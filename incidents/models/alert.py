"""Alerts from elsewhere: who may send them, what was sent, and what it says (I2)."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from incidents.intake import generic, matching
from incidents.models.incident import Incident
from smsops.fields import EncryptedTextField
from smsops.models import Environment


class SourceKind(models.TextChoices):
    ALERTMANAGER = "alertmanager", "Alertmanager"
    GRAFANA = "grafana", "Grafana"
    GENERIC = "generic", "Anything that sends JSON"
    HEARTBEAT = "heartbeat", "A heartbeat, whose absence is the alert"


SIGNATURE_HEADER = "X-Grafana-Alerting-Signature"
_HEADER = RegexValidator(r"^[A-Za-z0-9-]+$", "A header's name has letters, digits and hyphens.")


def token_digest(token: str) -> str:
    """What is stored of a token; the token itself is shown once and kept nowhere."""
    return hashlib.sha256(token.encode()).hexdigest()


class AlertSource(models.Model):
    """Somebody who may send alerts about one environment, known by a token in the address."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="alert_sources")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=14, choices=SourceKind, default=SourceKind.ALERTMANAGER)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    enabled = models.BooleanField(default=True)
    secret = EncryptedTextField(
        blank=True, default="", help_text="Where set, every body must carry its HMAC-SHA-256 signature."
    )
    signature_header = models.CharField(max_length=80, default=SIGNATURE_HEADER, blank=True, validators=[_HEADER])
    timestamp_header = models.CharField(
        max_length=80, blank=True, validators=[_HEADER],
        help_text="Where the sender signs “time:body”: the header the time is in.",
    )  # fmt: skip
    fields_map = models.JSONField(
        "map of fields", default=dict, blank=True,
        help_text='For JSON of any shape, like {"title": "check.name", "status": "state", "identity": "check.id"}.',
    )  # fmt: skip
    rules = models.JSONField(
        default=list, blank=True,
        help_text='What alerts mean, the first that fits and says it counts, like [{"match": {"alertname": "APIDown"}, '
        '"severity": "critical", "issue": "service", "cause": "service"}].',
    )  # fmt: skip
    stale_minutes = models.PositiveIntegerField(
        "stale after (minutes)", default=480, validators=[MinValueValidator(1)],
        help_text="Twice the sender's repeat interval: an alert not heard of for so long is neither there nor gone.",
    )  # fmt: skip
    every_seconds = models.PositiveIntegerField(
        "expected every (seconds)", default=300, validators=[MinValueValidator(5)], help_text="Heartbeats only."
    )
    last_heard_at = models.DateTimeField(null=True, blank=True, editable=False)
    resolves_seen = models.BooleanField(
        default=False, editable=False, help_text="Whether it ever said that something is over."
    )
    refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    refused_why = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["environment", "name"]
        constraints = [models.UniqueConstraint(fields=["environment", "name"], name="one_alert_source_per_name")]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_kind_display()})"

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_alertsource_change", args=[self.pk])

    def clean(self) -> None:
        """Refuse rules and maps that nobody could read by."""
        wrong = {"rules": matching.rules_mistake(self.rules)}
        if self.fields_map:
            wrong["fields_map"] = generic.mistake(self.fields_map)
        if wrong := {name: problem for name, problem in wrong.items() if problem}:
            raise ValidationError(wrong)

    @property
    def never_resolves(self) -> bool:
        """Whether it tells of alerts, and has never said that one is over."""
        return self.kind != SourceKind.HEARTBEAT and self.last_heard_at is not None and not self.resolves_seen

    @property
    def stale_after(self) -> timedelta:
        return timedelta(minutes=self.stale_minutes)


class DeliveryState(models.TextChoices):
    NEW = "new", "New"
    DONE = "done", "Read"
    FAILED = "failed", "Could not be read"


class Delivery(models.Model):
    """One body as it was sent, stored before anything is done about it. `body` is packed."""

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="deliveries")
    received_at = models.DateTimeField(default=timezone.now)
    body = models.BinaryField()
    size = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=6, choices=DeliveryState, default=DeliveryState.NEW)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["source", "id"], condition=models.Q(state="new"), name="delivery_to_read"),
            models.Index(fields=["received_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M:%S}"


class AlertState(models.TextChoices):
    FIRING = "firing", "Firing"
    STALE = "stale", "Not heard of any more"
    RESOLVED = "resolved", "Resolved"


class Alert(models.Model):
    """One episode of an alert: from the first time it fired until its sender says it is over.

    Times named `…_at` are smsops' own; `starts` and `ends` are the sender's, whose clock may be wrong.
    """

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="alerts")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.SET_NULL, related_name="alerts")
    fingerprint = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=AlertState, default=AlertState.FIRING)
    severity = models.CharField(max_length=10, blank=True)
    cause = models.CharField(max_length=60, help_text="The fingerprint of the incident it belongs to.")
    issue = models.CharField(max_length=10, blank=True)
    text = models.TextField(blank=True)
    labels = models.JSONField(default=dict)
    url = models.CharField(max_length=1000, blank=True)
    starts = models.DateTimeField(null=True, blank=True)
    ends = models.DateTimeField(null=True, blank=True)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    times = models.PositiveIntegerField(default=1, help_text="How often it was delivered.")
    truncated = models.BooleanField(default=False, help_text="Others of its group were left out by the sender.")
    quiet = models.CharField(max_length=200, blank=True, help_text="Why it opens no incident now.")

    class Meta:
        ordering = ["-last_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "fingerprint"],
                condition=models.Q(state__in=["firing", "stale"]),
                name="one_open_episode_per_alert",
            )
        ]
        indexes = [
            models.Index(fields=["source", "fingerprint", "-id"], name="alert_episodes"),
            models.Index(fields=["last_at"], condition=models.Q(state="firing"), name="alert_firing_by_age"),
            models.Index(fields=["incident", "state"], name="alerts_of_incident"),
            models.Index(fields=["-last_at", "-id"], name="alert_newest_first"),
            models.Index(fields=["severity", "-last_at", "-id"], name="alert_by_severity"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_state_display().lower()})"

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_alert_change", args=[self.pk])
