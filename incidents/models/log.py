"""The archive of SMS's logs: how far each instance's was taken, and the files it is in."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from smsops.models import Environment


class LogSource(models.Model):
    """One instance whose output is archived, known by the engine's own id: it keeps it under every name.

    `seen` are the times and keyed digests of its lines from `overlap_from` on: what was taken and may come again.
    """

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="log_sources")
    instance_id = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    version = models.CharField(max_length=60, blank=True)
    overlap_from = models.CharField(max_length=40, blank=True)
    taken_until = models.CharField(max_length=40, blank=True)
    seen = models.JSONField(default=list, blank=True)
    complete = models.BooleanField(default=False, help_text="Whether it had ended when its lines were taken.")
    gone = models.BooleanField(default=False, help_text="Whether the engine does not know it any more.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "instance_id"], name="one_source_per_instance")]

    def __str__(self) -> str:
        return f"{self.name} ({self.instance_id[:12]})"


class LogFile(models.Model):
    """One instance's lines of one day (UTC). Only the first `size` bytes of the file count: the row is written after
    them, and whatever a killed worker left behind them is cut off by the next."""

    source = models.ForeignKey(LogSource, on_delete=models.CASCADE, related_name="files")
    day = models.DateField()
    path = models.CharField(max_length=500)
    size = models.PositiveBigIntegerField("packed size (bytes)", default=0)
    raw_size = models.PositiveBigIntegerField("size (bytes)", default=0)
    lines = models.PositiveBigIntegerField(default=0)
    first_at = models.CharField(max_length=40, blank=True)
    last_at = models.CharField(max_length=40, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["day", "pk"]
        constraints = [models.UniqueConstraint(fields=["source", "day"], name="one_log_file_per_day")]

    def __str__(self) -> str:
        return f"{self.source} {self.day}"
