"""Where news go on their own, and what became of each."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.fields import EncryptedTextField
from smsops.models.environment import Environment


class Webhook(models.Model):
    """An address that is told of changes, each message signed. The address may hold a secret, so it is sealed too."""

    name = models.CharField(max_length=80, unique=True)
    url = EncryptedTextField("address")
    secret = EncryptedTextField(editable=False)
    events = models.JSONField(default=list, blank=True)
    environment = models.ForeignKey(
        Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="Empty: all of them."
    )
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    silent = models.PositiveIntegerField(default=0, editable=False, help_text="Times in a row it did not answer.")
    rests_until = models.DateTimeField(default=timezone.now, editable=False)
    holder = models.CharField(max_length=160, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    switched_off = models.CharField(max_length=300, blank=True, editable=False, help_text="Why smsops switched it off.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:smsops_webhook_change", args=[self.pk])

    @property
    def host(self) -> str:
        """What of the address may be shown."""
        try:
            parts = urlsplit(self.url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return ""
        return f"{parts.hostname or ''}{port}"


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Waits"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class WebhookDelivery(models.Model):
    """One message for one webhook, written in the transaction of the change it tells of."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    message = models.CharField(max_length=40, help_text="Its webhook-id; the same at every attempt.")
    event = models.CharField(max_length=40)
    about = models.CharField(max_length=60, blank=True, help_text="The object, like “run:7”.")
    body = models.TextField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField("answer", null=True, blank=True, help_text="HTTP status of the last one.")
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["webhook", "message"], name="one_delivery_per_message")]
        indexes = [
            models.Index(
                fields=["webhook", "next_at"], condition=models.Q(state="pending"), name="webhook_delivery_due"
            ),
            models.Index(fields=["created_at"], name="webhook_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.about} to {self.webhook.name}"

    def get_absolute_url(self) -> str:
        return reverse("admin:smsops_webhookdelivery_change", args=[self.pk])
