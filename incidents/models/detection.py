"""What is noticed at an environment and from when on it is trouble, and what the watcher remembers of it (I1)."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from smsops.models import Environment


class Detection(models.Model):
    """The thresholds of one environment; one without a row has the defaults."""

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="detection")
    slow_ms = models.PositiveIntegerField(
        "slow from (ms)", default=1000, help_text="A request that takes longer is slow; 0: none is."
    )
    slow_times = models.PositiveIntegerField(
        "slow so often", default=3, validators=[MinValueValidator(1)],
        help_text="Times in a row smsops is answered slowly, or slow requests of others within a minute.",
    )  # fmt: skip
    flap_minutes = models.PositiveIntegerField(
        "comes back within (minutes)", default=30,
        help_text="What comes back so soon after its end is the same incident, and flaps; 0: never.",
    )  # fmt: skip
    steady_minutes = models.PositiveIntegerField(
        "flaps no more after (minutes)", default=10, help_text="So long all must be well before one that flaps is over."
    )
    overrun_minutes = models.PositiveIntegerField(
        "a change may take (minutes)", default=5, validators=[MinValueValidator(1)],
        help_text="At the least; more where nine in ten of its kind took longer. Then it pages.",
    )  # fmt: skip
    disk_percent = models.PositiveIntegerField(
        "disk low below (% free)", default=10, validators=[MaxValueValidator(90)],
        help_text="0: disks are not looked at.",
    )  # fmt: skip
    disk_last_percent = models.PositiveIntegerField(
        "disk nearly full below (% free)", default=5, validators=[MaxValueValidator(90)]
    )
    certificate_days = models.PositiveIntegerField(
        "certificate ends within (days)", default=21, help_text="High in its last third; 0: it is not looked at."
    )

    class Meta:
        verbose_name_plural = "detection"

    def __str__(self) -> str:
        return f"What is noticed at {self.environment.name}"

    def clean(self) -> None:
        """Refuse two levels of a disk that are the wrong way round."""
        if (self.disk_last_percent or 0) > (self.disk_percent or 0):
            raise ValidationError({"disk_last_percent": "A disk is low before it is nearly full."})

    @property
    def flap(self) -> timedelta:
        return timedelta(minutes=self.flap_minutes)

    @property
    def steady(self) -> timedelta:
        return timedelta(minutes=self.steady_minutes)

    @property
    def overrun(self) -> timedelta:
        return timedelta(minutes=self.overrun_minutes)


class Survey(models.Model):
    """The slower look's memory of one environment; claimed by compare-and-set before every look.

    `memory`: how often in a row what was bad (`doubts`), since when what was bad is well (`well`), SMS's own figures
    (`figures`), and until when its certificate is valid (`certificate`).
    """

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="survey")
    next_at = models.DateTimeField(default=timezone.now)
    looked_at = models.DateTimeField(null=True, blank=True)
    memory = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"Survey of {self.environment.name}"
