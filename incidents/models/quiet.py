"""When nobody is to be woken: silences for certain alerts, maintenance windows for an environment (I2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from incidents.intake import matching
from smsops.models import Environment

LONGEST_SILENCE = timedelta(days=7)
LONGEST_DAILY = 12 * 60  # minutes; more would be a silence without an end
LONGEST_SERIES = timedelta(days=400)


class Silence(models.Model):
    """Alerts whose labels fit wake nobody until it ends; that they fire is still seen, and that they end."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="silences")
    match = models.JSONField(
        "labels", default=dict, help_text='Each a pattern for the whole value, like {"alertname": "HighErrorRate"}.'
    )
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(help_text="At most 7 days later: a silence ends by itself.")
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    class Meta:
        ordering = ["-ends_at"]

    def __str__(self) -> str:
        return f"Silence: {self.reason}"

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_silence_change", args=[self.pk])

    @property
    def over(self) -> bool:
        return self.ends_at <= timezone.now()

    def clean(self) -> None:
        """Refuse one that fits nothing, ends before it starts, or does not end."""
        if problem := matching.mistake(self.match):
            raise ValidationError({"match": problem})
        if self.ends_at and self.starts_at and not self.starts_at < self.ends_at <= self.starts_at + LONGEST_SILENCE:
            raise ValidationError({"ends_at": "It ends after it starts, within 7 days."})


class Repeats(models.TextChoices):
    ONCE = "once", "Once"
    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"


class MaintenanceWindow(models.Model):
    """A time in which SMS may be away: that it is wakes nobody. What says that data is at risk always does."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="maintenance_windows")
    title = models.CharField(max_length=120)
    starts_at = models.DateTimeField(help_text="The first time; later ones at the same time of day in the zone below.")
    minutes = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(24 * 60)])
    repeats = models.CharField(max_length=6, choices=Repeats, default=Repeats.ONCE)
    zone = models.CharField("time zone", max_length=60, default="UTC")
    until = models.DateField(null=True, blank=True, help_text="The last day of one that repeats.")
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["environment", "starts_at"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_maintenancewindow_change", args=[self.pk])

    def clean(self) -> None:
        """Refuse a zone nobody knows, and a series that does not end by itself or leaves no time in between."""
        if self.zone not in available_timezones():
            raise ValidationError({"zone": f"“{self.zone}” is no time zone; write one like Europe/Athens."})
        if self.repeats == Repeats.ONCE or self.starts_at is None:
            return
        first = self.starts_at.astimezone(ZoneInfo(self.zone)).date()
        if self.until is None or not first <= self.until <= first + LONGEST_SERIES:
            raise ValidationError({"until": "One that repeats ends by itself: on its first day or up to 400 later."})
        if self.repeats == Repeats.DAILY and (self.minutes or 0) > LONGEST_DAILY:
            raise ValidationError({"minutes": "One of every day lasts 12 hours at most."})

    def holds(self, now: datetime) -> bool:
        """Whether it is in force at that moment. One that repeats keeps its time of day when clocks change."""
        if not self.enabled or now < self.starts_at:
            return False
        if self.repeats == Repeats.ONCE:
            return now < self.starts_at + self.length
        return any(begin <= now < begin + self.length for begin in self._begins(now))

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def _begins(self, now: datetime) -> Iterator[datetime]:
        """The beginnings of today and yesterday, in its zone, that belong to it."""
        zone = ZoneInfo(self.zone)
        first, today = self.starts_at.astimezone(zone), now.astimezone(zone)
        for day in (today.date(), today.date() - timedelta(days=1)):
            fits = self.repeats == Repeats.DAILY or (day - first.date()).days % 7 == 0
            if fits and first.date() <= day and (self.until is None or day <= self.until):
                yield datetime.combine(day, first.time(), zone).astimezone(UTC)  # where an hour is an hour
