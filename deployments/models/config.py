"""With what SMS was configured at one moment."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.fields import EncryptedTextField
from smsops.models import Environment, Run


class ConfigSnapshot(models.Model):
    """The configuration a deploy found (runbook §6.3: on deployment, kept for ever); part of its restore point.

    Values of variables are kept twice: as keyed fingerprints, by which equal ones are seen to be equal, and sealed, to
    be written to files again. No page and no log ever has them. A run that finds what the last one found refers to it.
    """

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="config_snapshots")
    run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="The first that found it so."
    )
    taken_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, help_text="When it was found like this last.")
    digest = models.CharField(max_length=64, help_text="Keyed, over everything.")
    release_version = models.CharField("release that ran", max_length=60, blank=True)
    image_id = models.CharField(max_length=100, blank=True)
    variables = models.JSONField(default=dict, blank=True, help_text="The .env file: fingerprints by name.")
    running = models.JSONField(
        "running with", default=dict, blank=True, help_text="The instance: fingerprints by name."
    )
    instance = models.JSONField(default=dict, blank=True, help_text="Ports, limits, mounts as the engine has them.")
    fields = models.JSONField("environment", default=dict, blank=True, help_text="The environment's own fields.")
    env_content = EncryptedTextField(blank=True, default="")
    compose_content = EncryptedTextField(blank=True, default="")
    compose_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-taken_at", "-pk"]
        verbose_name = "config snapshot"
        indexes = [
            models.Index(fields=["environment", "-taken_at"], name="config_newest_first"),
            models.Index(fields=["-taken_at", "-id"], name="config_newest_of_all"),
        ]

    def __str__(self) -> str:
        return f"{self.environment.name} {self.taken_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("admin:deployments_configsnapshot_change", args=[self.pk])
