"""When backups were taken, long after their runs are gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from django.db import models

from smsops.models import Environment


class BackupDay(models.Model):
    """The backups of one day whose runs were let go of: `seconds` since its midnight, in UTC, at which each began. The
    figures of the RPO are counted from it for as long as the environment is there."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="backup_days")
    day = models.DateField()
    seconds = models.JSONField(default=list)

    class Meta:
        default_permissions = ()  # it is on no page
        constraints = [models.UniqueConstraint(fields=["environment", "day"], name="one_row_per_day_of_backups")]

    def __str__(self) -> str:
        return f"{self.environment.name} {self.day}: {len(self.seconds)} backups"

    @property
    def moments(self) -> Iterator[datetime]:
        midnight = datetime.combine(self.day, time(), UTC)
        return (midnight + timedelta(seconds=second) for second in self.seconds)
