"""How the write-ahead log of an environment's database is followed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from smsops.models import Environment, Run

SILENT = timedelta(seconds=5)  # a follower that has not looked for so long is not there


class LogFollowing(models.Model):
    """Point in time for one environment (B9): whether its log is followed, and what the follower last said of itself.

    `awaited_at` is since when a follower's first look is awaited: since it was switched on, which is when what was said
    of the time before is forgotten, or since the last follower ended, or since its rest did.
    A run that needs the database to itself sets `rest_for`; the follower lets go of it and says so in `rested`.
    `hung_at` is when a follower that hung was ended, `log_bytes` how long SMS's log was at the last look.
    """

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="log_following")
    enabled = models.BooleanField(
        "follow the log",
        default=True,
        help_text="Needs SQLite in WAL mode, or PostgreSQL and a user with the right REPLICATION.",
    )
    awaited_at = models.DateTimeField(null=True, blank=True, editable=False)
    keep_days = models.PositiveIntegerField(
        "keep commits for (days)", default=7, validators=[MinValueValidator(1)], help_text="As long as every backup."
    )
    rest_for = models.ForeignKey(
        Run, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    rested = models.BooleanField(default=False, editable=False)
    looked_at = models.DateTimeField(null=True, blank=True, editable=False)
    kept_at = models.DateTimeField(null=True, blank=True, editable=False)
    generation = models.CharField(max_length=60, blank=True, editable=False)
    commits = models.PositiveBigIntegerField(default=0, editable=False)
    gap = models.CharField(max_length=300, blank=True, editable=False)
    gap_at = models.DateTimeField(null=True, blank=True, editable=False)
    problem = models.TextField(blank=True, editable=False)
    hung_at = models.DateTimeField(null=True, blank=True, editable=False)
    log_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    canary_seconds = models.FloatField(null=True, blank=True, editable=False)
    canary_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "point in time"
        verbose_name_plural = "point in time"

    def __str__(self) -> str:
        return f"The log of {self.environment.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.enabled:
            self.awaited_at = None
        elif self.awaited_at is None:
            self.awaited_at = timezone.now()
            if self.pk is not None:
                self.looked_at, self.problem = None, ""
            if (only := kwargs.get("update_fields")) is not None:
                kwargs["update_fields"] = {*only, "awaited_at", "looked_at", "problem"}
        super().save(*args, **kwargs)

    @property
    def lag(self) -> timedelta | None:
        """How long ago all that had been committed was kept; None when nobody has looked yet."""
        return timezone.now() - self.looked_at if self.looked_at else None

    @property
    def alive(self) -> bool:
        """Whether a follower was there a moment ago."""
        return self.lag is not None and self.lag < SILENT

    @property
    def looking(self) -> bool:
        """Whether a follower has looked since one was awaited."""
        awaited = self.awaited_at is None or (self.looked_at is not None and self.looked_at >= self.awaited_at)
        return self.alive and awaited and not self.rested
