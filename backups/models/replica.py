"""Which backup has a copy in which off-site vault."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from backups.models.backup import Backup
from backups.models.offsite import OffsiteVault


class Replica(models.Model):
    """One backup's copy in an off-site vault."""

    backup = models.ForeignKey(Backup, on_delete=models.CASCADE, related_name="replicas")
    vault = models.ForeignKey(OffsiteVault, on_delete=models.CASCADE, related_name="replicas")
    seen_at = models.DateTimeField(default=timezone.now, help_text="When it was last found there.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["backup", "vault"], name="one_replica_per_vault")]

    def __str__(self) -> str:
        return f"{self.backup} in {self.vault.name}"
