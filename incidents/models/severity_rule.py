"""The severity table (runbook §5.1) as rows: what each severity means, and how soon somebody acts and tells. An ops
lead may change it."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from incidents.models.incident import RESPONSE, Severity

DAY = 24 * 60  # minutes
_BOUNDS = [MinValueValidator(1), MaxValueValidator(30 * DAY)]
DEFAULTS = {  # what it means, examples, minutes between two words to those who wait; the response is RESPONSE
    Severity.CRITICAL: (
        "SMS is unavailable, data is at risk, or many users are affected.",
        "The API is down (500s); the database is corrupt; secrets are exposed.",
        30,
    ),
    Severity.HIGH: (
        "SMS is partly degraded, or users are affected for a while.",
        "The API is slow (over 2 s); some cannot sign in; more than 100 requests hit the rate limit.",
        60,
    ),
    Severity.MEDIUM: (
        "One thing does not work, and there is a way around it.",
        "A single feature is broken; a page is slow (500 to 1000 ms).",
        4 * 60,
    ),
    Severity.LOW: (
        "Cosmetic, or nothing that users notice.",
        "A typo; the format of a message in the log.",
        DAY,
    ),
}


class SeverityRule(models.Model):
    """One row of the table."""

    severity = models.CharField(max_length=10, choices=Severity, unique=True)
    meaning = models.CharField("what it means", max_length=300)
    examples = models.TextField(blank=True)
    response_minutes = models.PositiveIntegerField(
        "response within (minutes)", validators=_BOUNDS, help_text="From detection until somebody has acknowledged it."
    )
    update_minutes = models.PositiveIntegerField(
        "a word at least every (minutes)", validators=_BOUNDS,
        help_text="While it is live: how long those who wait hear nothing at most.",
    )  # fmt: skip

    class Meta:
        ordering = ["response_minutes", "pk"]
        verbose_name = "severity"
        verbose_name_plural = "severities"

    def __str__(self) -> str:
        return self.get_severity_display()

    @property
    def response(self) -> timedelta:
        return timedelta(minutes=self.response_minutes)

    @property
    def update(self) -> timedelta:
        return timedelta(minutes=self.update_minutes)


def beginning(severity: str) -> SeverityRule:
    """The row as the runbook has it, not saved."""
    meaning, examples, update = DEFAULTS[Severity(severity)]
    minutes = round(RESPONSE[Severity(severity)].total_seconds() / 60)
    return SeverityRule(
        severity=severity, meaning=meaning, examples=examples, response_minutes=minutes, update_minutes=update
    )
