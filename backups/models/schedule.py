"""When backups of an environment are taken, beyond “every so many minutes”."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from backups.hours import Hours
from smsops.models import Environment
from smsops.text import count_text

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def default_zone() -> str:
    return str(settings.TIME_ZONE)


class BackupSchedule(models.Model):
    """Business hours and holidays in the school's own time zone, a slower pace outside of them, and a pause that ends
    by itself (B1). The pace within the hours is the environment's own `backup_minutes`."""

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="schedule")
    time_zone = models.CharField(max_length=60, default=default_zone, help_text="Like “Europe/Athens”.")
    quiet_minutes = models.PositiveIntegerField(
        "outside the hours every (minutes)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty: the same all day.",
    )
    opens = models.TimeField(default=time(7))
    closes = models.TimeField(default=time(19))
    business_days = models.CharField(max_length=40, default="Mon Tue Wed Thu Fri")
    holidays = models.TextField(blank=True, help_text="One day per line, like 2026-12-25.")
    paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    pause_reason = models.CharField(max_length=500, blank=True, editable=False)
    paused_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        permissions = [("pause_backups", "Can pause the backups of an environment")]

    def __str__(self) -> str:
        return f"{self.environment.name}: every {count_text(self.environment.backup_minutes, 'minute')}"

    def clean(self) -> None:
        """Refuse what could not work, with one sentence per field."""
        mistakes = {}
        if self.time_zone not in available_timezones():
            mistakes["time_zone"] = f"There is no time zone “{self.time_zone}”; give one like “Europe/Athens”."
        if self.opens and self.closes and self.opens >= self.closes:
            mistakes["closes"] = "The hours must close later on the same day than they open."
        if unknown := [word for word in self.business_days.split() if word not in WEEKDAYS]:
            mistakes["business_days"] = f"“{unknown[0]}” is no day; write them like “Mon Tue Wed”."
        if wrong := [line for line in self.holidays.split() if not _is_day(line)]:
            mistakes["holidays"] = f"“{wrong[0][:20]}” is no date; write it like 2026-12-25."
        if mistakes:
            raise ValidationError(mistakes)

    @property
    def hours(self) -> Hours:
        usual = timedelta(minutes=self.environment.backup_minutes)
        return Hours(
            zone=ZoneInfo(self.time_zone),
            usual=usual,
            quiet=timedelta(minutes=self.quiet_minutes) if self.quiet_minutes else usual,
            opens=self.opens,
            closes=self.closes,
            days=frozenset(WEEKDAYS.index(word) for word in self.business_days.split()),
            holidays=frozenset(date.fromisoformat(line) for line in self.holidays.split()),
        )

    @property
    def paused(self) -> bool:
        return self.paused_until is not None and self.paused_until > timezone.now()

    @property
    def waits_until(self) -> datetime | None:
        """The end of the pause; None where there is none."""
        return self.paused_until if self.paused else None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
