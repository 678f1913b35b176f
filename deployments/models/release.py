"""A version of SMS that can run at an environment."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.models import Environment


class Release(models.Model):
    """One version of SMS: where it comes from, what it brings, and the exact image it is started from (D1)."""

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=60)
    order = models.CharField(max_length=60, editable=False, help_text="The version in a form that sorts as numbers.")
    git_ref = models.CharField(max_length=120, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    committed_at = models.DateTimeField(null=True, blank=True, help_text="When the tag's commit was made.")
    image_id = models.CharField(max_length=100, blank=True, help_text="Empty: the image is not there.")
    released_on = models.DateField(null=True, blank=True)
    changelog = models.TextField(blank=True)
    breaking = models.TextField("breaking changes", blank=True)
    heads = models.CharField("migration heads", max_length=200, blank=True)
    revisions = models.JSONField("known revisions", default=list, blank=True)
    graph = models.JSONField(
        "migrations", default=list, blank=True, help_text="Each with its parents and its way back."
    )
    notes = models.TextField(blank=True, help_text="What was odd about it when it was imported.")
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="When its image was removed on purpose; it can be built again."
    )
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-order"]
        constraints = [models.UniqueConstraint(fields=["environment", "version"], name="one_release_per_version")]

    def __str__(self) -> str:
        return self.version

    def get_absolute_url(self) -> str:
        return reverse("admin:deployments_release_change", args=[self.pk])

    @property
    def available(self) -> bool:
        """Whether the image was there at the last import."""
        return bool(self.image_id)
