"""How long backups of an environment are kept."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from smsops.models import Environment


class RetentionPolicy(models.Model):
    """Everything for some days, then one for each day, week and month (runbook §6.3: a week of 15-minute backups)."""

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="retention")
    keep_days = models.PositiveIntegerField(
        "keep all for (days)", default=7, validators=[MinValueValidator(1)], help_text="Every backup of so many days."
    )
    keep_daily = models.PositiveIntegerField("then daily (days)", default=30, help_text="The last one of each day.")
    keep_weekly = models.PositiveIntegerField("then weekly (weeks)", default=12, help_text="The last one of each week.")
    keep_monthly = models.PositiveIntegerField(
        "then monthly (months)", default=24, help_text="The last one of each month."
    )
    tidied_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "retention"
        verbose_name_plural = "retention"

    def __str__(self) -> str:
        return f"{self.environment.name}: {self.keep_days} days"
