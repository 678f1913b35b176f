"""What an audit of a release found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.models import Environment, Run


class Severity(models.TextChoices):
    """As the tool says it; what gives none is unknown."""

    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MODERATE = "moderate", "Moderate"
    LOW = "low", "Low"
    UNKNOWN = "unknown", "Unknown"


class Finding(models.Model):
    """A known weakness of a package, or a place in a file that looks like a secret, whose value is never kept.

    `mark` is the same for the same finding in the next audit; who accepted it once has accepted it there as well.
    """

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="findings")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="findings")
    version = models.CharField("release", max_length=60)
    tool = models.CharField(max_length=20)
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.UNKNOWN)
    package = models.CharField(max_length=200, blank=True)
    installed = models.CharField(max_length=100, blank=True)
    advisory = models.CharField(max_length=200, blank=True)
    fix = models.CharField("fixed in", max_length=200, blank=True)
    file = models.CharField(max_length=500, blank=True)
    line = models.PositiveIntegerField(null=True, blank=True)
    what = models.CharField(max_length=300, help_text="The advisory's title, or what sort of secret it looks like.")
    mark = models.CharField(max_length=64, editable=False)
    found_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.CharField(max_length=150, blank=True)
    accepted_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    accepted_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-found_at", "pk"]
        permissions = [
            ("audit_release", "Can audit a release"),
            ("accept_finding", "Can accept a finding"),
        ]
        constraints = [models.UniqueConstraint(fields=["run", "tool", "mark"], name="one_finding_per_audit")]
        indexes = [
            models.Index(fields=["environment", "mark"], name="finding_by_mark"),
            models.Index(fields=["-found_at", "id"], name="finding_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.advisory or self.what}"

    def get_absolute_url(self) -> str:
        return reverse("admin:deployments_finding_change", args=[self.pk])

    @property
    def place(self) -> str:
        """`flask 0.5`, `backend/config.py:12`."""
        if self.package:
            return f"{self.package} {self.installed}".strip()
        return f"{self.file}:{self.line}" if self.line else self.file
