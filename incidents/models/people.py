"""Who is told of incidents, by which way, and who is on call when (I5, I6)."""

from __future__ import annotations

from datetime import time
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from incidents.models.incident import Severity
from smsops.fields import EncryptedTextField
from smsops.models import Environment


class Way(models.TextChoices):
    """How a message travels."""

    EMAIL = "email", "E-mail"
    APPRISE = "apprise", "Chat, SMS, push (an apprise address)"


class Contact(models.Model):
    """One way to reach one person, and after how long it is used: a person's rules are their contacts."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contacts")
    way = models.CharField(max_length=8, choices=Way, default=Way.EMAIL)
    address = EncryptedTextField(help_text="An e-mail address, or an apprise address like “ntfy://host/topic”.")
    label = models.CharField(max_length=60, blank=True, help_text="What lists call it; the address is never shown.")
    after_minutes = models.PositiveIntegerField(
        default=0, help_text="Used when the page is not acknowledged after so many minutes; 0: at once."
    )
    least = models.CharField(
        "from severity", max_length=10, choices=Severity, default=Severity.LOW, help_text="For less it is not used."
    )
    enabled = models.BooleanField(default=True)
    tested_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["user", "after_minutes", "pk"]

    def __str__(self) -> str:
        return f"{self.user}: {self.way_label}"

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_contact_change", args=[self.pk])

    @property
    def way_label(self) -> str:
        """What it is called; never the address."""
        return self.label or ("e-mail" if self.way == Way.EMAIL else "chat")


class Channel(models.Model):
    """A place where a team reads together, like a chat room: told of incidents, never asked to acknowledge."""

    name = models.CharField(max_length=80, unique=True)
    way = models.CharField(max_length=8, choices=Way, default=Way.APPRISE)
    address = EncryptedTextField()
    environment = models.ForeignKey(
        Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="channels",
        help_text="Only this one's incidents. Empty: all.",
    )  # fmt: skip
    least = models.CharField("from severity", max_length=10, choices=Severity, default=Severity.LOW)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_channel_change", args=[self.pk])


class Team(models.Model):
    """People who are paged together, under the name the escalation matrix gives them, like “CTO” (runbook §5.4)."""

    name = models.CharField(max_length=80, unique=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teams", blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Rota(models.Model):
    """People who are on call in turn. The turn changes every `every_days` days at `handover`, in the zone given."""

    name = models.CharField(max_length=80, unique=True)
    zone = models.CharField("time zone", max_length=60, default="UTC")
    starts_on = models.DateField(default=timezone.localdate, help_text="The first person's first day.")
    every_days = models.PositiveIntegerField("turns last (days)", default=7, validators=[MinValueValidator(1)])
    handover = models.TimeField(default=time(9), help_text="The time of day at which the turn changes.")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="RotaMember", related_name="rotas", blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a zone nobody knows."""
        if self.zone not in available_timezones():
            raise ValidationError({"zone": f"“{self.zone}” is no time zone; write one like Europe/Athens."})


class RotaMember(models.Model):
    """A person's place in the order of a rota."""

    rota = models.ForeignKey(Rota, on_delete=models.CASCADE, related_name="places")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["rota", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["rota", "user"], name="once_in_a_rota")]

    def __str__(self) -> str:
        return f"{self.position}. {self.user}"


class Override(models.Model):
    """Somebody stands in for whoever would be on call."""

    rota = models.ForeignKey(Rota, on_delete=models.CASCADE, related_name="overrides")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["starts_at"]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_at:%Y-%m-%d %H:%M}"

    def clean(self) -> None:
        """Refuse one that ends before it starts."""
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "It ends after it starts."})
