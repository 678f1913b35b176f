"""Files that were taken before anything was mitigated."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident


class Evidence(models.Model):
    """A file taken before anything was mitigated; its digest proves that it is still what was taken (§5.2)."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="evidence")
    name = models.CharField(max_length=80)
    path = models.CharField(max_length=500)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(default=0)
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["incident", "name"]
        verbose_name_plural = "evidence"
        constraints = [models.UniqueConstraint(fields=["incident", "name"], name="one_piece_of_evidence_per_name")]

    def __str__(self) -> str:
        return self.name
