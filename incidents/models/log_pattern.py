"""What is trouble when SMS logs it, and how far its log was followed (I1)."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse

from incidents import fingerprints
from incidents.models.incident import Issue, Severity
from smsops.models import Environment

LONGEST = 300  # characters of an expression


class LogPattern(models.Model):
    """A line that is trouble, once it comes so often within so long. `stopped` says why smsops does not look for it."""

    name = models.CharField(max_length=80, unique=True)
    expression = models.CharField(
        "regular expression", max_length=LONGEST, help_text="Searched in the first 2,000 characters of each line."
    )
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.MEDIUM)
    issue = models.CharField("kind of issue", max_length=10, choices=Issue, default=Issue.SERVICE)
    times = models.PositiveIntegerField(
        "how many lines", default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    seconds = models.PositiveIntegerField(
        "within (seconds)", default=60, validators=[MinValueValidator(1), MaxValueValidator(24 * 3600)]
    )
    quiet_minutes = models.PositiveIntegerField(
        "over after (minutes)", default=10, validators=[MinValueValidator(1)], help_text="Without such a line."
    )
    environment = models.ForeignKey(
        Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="log_patterns",
        help_text="Empty: everywhere.",
    )  # fmt: skip
    enabled = models.BooleanField(default=True)
    stopped = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_logpattern_change", args=[self.pk])

    @property
    def fingerprint(self) -> str:
        return fingerprints.LINE.of(self.pk)

    @property
    def span(self) -> timedelta:
        return timedelta(seconds=self.seconds)


class LogPosition(models.Model):
    """How far an environment's log was followed for patterns. `version` grows with every step, so that of two who
    follow one counts; `hits` are, by pattern, the lines that still count, the last one, and when it was told."""

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="log_position")
    instance_id = models.CharField(max_length=80, blank=True)
    overlap_from = models.CharField(max_length=40, blank=True)
    taken_until = models.CharField(max_length=40, blank=True)
    seen = models.JSONField(default=list, blank=True)
    hits = models.JSONField(default=dict, blank=True)
    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"Log of {self.environment.name}, until {self.taken_until}"
