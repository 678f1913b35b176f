"""How long backups of an environment are kept."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from smsops.models import Environment
from smsops.text import count_text


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
        return f"{self.environment.name}: {count_text(self.keep_days, 'day')}"


class LetGo(models.Model):
    """A backup the retention let go of here, and when: written down before it is removed. Nothing else may be removed
    from an off-site vault, so that an empty catalogue or a lost vault never empties another one."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="let_go")
    identifier = models.CharField(max_length=60)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "backup that was let go"
        verbose_name_plural = "backups that were let go"
        constraints = [models.UniqueConstraint(fields=["environment", "identifier"], name="let_go_once")]

    def __str__(self) -> str:
        return f"{self.environment.name} {self.identifier}"
