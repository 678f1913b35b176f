"""What has to follow an incident of each severity, and until when (runbook §5.2); an ops lead may change it."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MinValueValidator
from django.db import models

from incidents.models.incident import Severity

DEFAULTS = {  # whether it is drafted by itself, hours until the post-mortem (§5.2: 24), days until its action items
    Severity.CRITICAL: (True, 24, 15),
    Severity.HIGH: (True, 72, 30),
    Severity.MEDIUM: (False, 120, 30),
    Severity.LOW: (False, 240, 30),
}


class ReviewRule(models.Model):
    """What follows an incident of this severity: whether its post-mortem is drafted by itself, and what is due when."""

    severity = models.CharField(max_length=10, choices=Severity, unique=True)
    by_itself = models.BooleanField(
        "drafted by itself", default=False, help_text="When it is resolved; else somebody presses the button."
    )
    hours = models.PositiveIntegerField(
        "post-mortem due after (hours)", default=120, validators=[MinValueValidator(1)], help_text="Of its resolution."
    )
    action_days = models.PositiveIntegerField(
        "action items due after (days)", default=30, validators=[MinValueValidator(1)],
        help_text="Unless an item says otherwise.",
    )  # fmt: skip

    class Meta:
        ordering = ["hours", "pk"]

    def __str__(self) -> str:
        return f"After an incident of severity {self.get_severity_display()}"

    @property
    def span(self) -> timedelta:
        return timedelta(hours=self.hours)
