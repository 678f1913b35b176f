"""What smsops last saw of an environment."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from smsops import wall_clock
from smsops.models import Environment

FRESH = timedelta(seconds=90)  # a watcher that has not looked for so long knows nothing
UNKNOWN = "unknown"


def word_of(looked_at: datetime | None, status: str, ready: bool, now: datetime) -> str:
    """How SMS is: healthy, not ready, degraded, unhealthy, down, absent; unknown when nobody has looked lately."""
    if not wall_clock.lately(looked_at, FRESH, now):
        return UNKNOWN
    return status if ready or status != "healthy" else "not ready"


class Watch(models.Model):
    """The watcher's memory of one environment; one row each, claimed by compare-and-set before every look."""

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="watch")
    next_look_at = models.DateTimeField(default=timezone.now)
    looked_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When /health was asked last.")
    status = models.CharField(max_length=10, default=UNKNOWN)
    ready = models.BooleanField(default=False)
    detail = models.CharField(max_length=300, blank=True)
    release = models.CharField(max_length=60, blank=True, help_text="Version of the image that runs.")
    response_ms = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(default=timezone.now, help_text="Since when it is in this status.")
    instance_id = models.CharField(max_length=80, blank=True)
    restarts = models.PositiveIntegerField(default=0)
    events_until = models.DateTimeField(default=timezone.now)
    bad_looks = models.PositiveIntegerField(default=0)
    good_looks = models.PositiveIntegerField(default=0)
    well_since = models.DateTimeField(null=True, blank=True, help_text="Since when no look found anything wrong.")

    class Meta:
        verbose_name_plural = "watches"

    def __str__(self) -> str:
        return f"{self.environment.name}: {self.status}"

    @property
    def good(self) -> bool:
        return self.status == "healthy" and self.ready

    def fresh(self, now: datetime) -> bool:
        """Whether it says anything about now."""
        return wall_clock.lately(self.looked_at, FRESH, now)

    def word(self, now: datetime) -> str:
        """How SMS is, in a word (`word_of`)."""
        return word_of(self.looked_at, self.status, self.ready, now)
