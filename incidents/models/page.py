"""Messages that go out, each written down in the transaction of what it tells, and sent afterwards (I6)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models.escalation import Escalation
from incidents.models.incident import Incident
from incidents.models.people import Channel, Contact


class PageKind(models.TextChoices):
    PAGE = "page", "Page"  # somebody must act
    REMINDER = "reminder", "Reminder"  # of a page nobody has acknowledged
    NEWS = "news", "News"  # for whoever was paged, and for channels: acknowledged, resolved, raised
    TEST = "test", "Test"


class PageState(models.TextChoices):
    PENDING = "pending", "To be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Handed over"
    FAILED = "failed", "Not delivered"
    CANCELLED = "cancelled", "Not needed any more"


class Page(models.Model):
    """One message to one contact or channel. `key` says what it is, so that writing it down twice is impossible:
    escalation, level, round and recipient. Whether it arrived is known only to where it went: `sent` means that this
    one took it over. `unsure`: a sender died while it was on its way, so it may have been sent once more."""

    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="pages")
    escalation = models.ForeignKey(Escalation, null=True, blank=True, on_delete=models.SET_NULL, related_name="pages")
    kind = models.CharField(max_length=8, choices=PageKind, default=PageKind.PAGE)
    level = models.PositiveIntegerField(default=0)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="pages"
    )
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="pages")
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.SET_NULL, related_name="pages")
    key = models.CharField(max_length=120, unique=True)
    text = models.TextField(help_text="What it says; the sender adds links.")
    late = models.CharField(max_length=200, blank=True, help_text="By how much it is late, and why.")
    state = models.CharField(max_length=9, choices=PageState, default=PageState.PENDING)
    unsure = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(default=timezone.now, help_text="When it is tried (again).")
    holder = models.CharField(max_length=160, blank=True, help_text="Who sends it now.")
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    bundle = models.CharField(max_length=40, blank=True, help_text="Those with one mark went out in one message.")

    class Meta:
        ordering = ["-due_at", "-pk"]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="pending"), name="page_to_send"),
            models.Index(fields=["claimed_at"], condition=Q(state="sending"), name="page_being_sent"),
            models.Index(fields=["sent_at"], condition=Q(state="sent"), name="page_sent_lately"),
            models.Index(fields=["incident", "due_at"], name="pages_of_incident"),
            models.Index(fields=["-due_at", "-id"], name="page_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.user or self.channel}"


class Pulse(models.Model):
    """When something that must never stop last did its round, like the sweep that sends pages."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=160, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"
