"""A recoverable copy of an environment's database."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.models import Environment, Run


class Proof(models.TextChoices):
    """How far a backup has been proven; each includes the ones before it."""

    STORED = "stored", "Stored"
    READ_BACK = "read_back", "Read back"
    CHECKED = "checked", "Checked"
    RESTORED = "restored", "Restored once"
    STARTED = "started", "SMS ran on it"


class Reason(models.TextChoices):
    SCHEDULED = "scheduled", "On schedule"
    MANUAL = "manual", "On demand"
    DEPLOY = "deploy", "Before a deploy"
    ROLLBACK = "rollback", "Before a rollback"
    RESTORE = "restore", "Before a restore"
    ADOPTED = "adopted", "Adopted from a file"


class Backup(models.Model):
    """One backup. The manifest in the vault is the truth; this row is its catalogue card and holds what was learnt
    since. A row exists only once the stored copy was read back and matched."""

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="backups")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="backups")
    identifier = models.CharField(max_length=60)
    taken_at = models.DateTimeField(help_text="The moment the data is from.")
    reason = models.CharField(max_length=10, choices=Reason, default=Reason.MANUAL)
    proof = models.CharField(max_length=10, choices=Proof, default=Proof.READ_BACK)
    proven_at = models.DateTimeField(default=timezone.now)
    damage = models.TextField(blank=True, help_text="What is wrong with it; empty: nothing known.")
    size = models.PositiveBigIntegerField("size (bytes)", default=0)
    stored_size = models.PositiveBigIntegerField("stored size (bytes)", default=0)
    root = models.CharField("digest", max_length=64, help_text="Of the digests of all its blocks.")
    schema_revision = models.CharField(max_length=200, blank=True)
    release_version = models.CharField(max_length=60, blank=True)
    image_id = models.CharField(max_length=100, blank=True)
    row_counts = models.JSONField(default=dict, blank=True)
    orphans = models.JSONField(
        null=True, blank=True, help_text="Rows that refer to missing ones, by table; unknown until it was verified."
    )
    source = models.CharField(
        "adopted from", max_length=200, blank=True, help_text="The file's own name, of one that was adopted."
    )
    pinned = models.BooleanField(default=False)
    here = models.BooleanField(default=True, help_text="Whether the local vault has it; else it is only off-site.")

    class Meta:
        ordering = ["-taken_at", "-pk"]
        permissions = [
            ("verify_backup", "Can verify a backup"),
            ("tidy_vault", "Can tidy up a vault"),
            ("pin_backup", "Can keep a backup for good, and let it go"),
            ("adopt_backup", "Can adopt a backup from a file"),
        ]
        constraints = [models.UniqueConstraint(fields=["environment", "identifier"], name="one_backup_per_identifier")]
        indexes = [
            models.Index(fields=["environment", "-taken_at"], name="backup_newest_first"),
            models.Index(fields=["-taken_at", "-id"], name="backup_newest_of_all"),
            models.Index(fields=["proof", "-taken_at", "-id"], name="backup_by_proof"),
            models.Index(fields=["reason", "-taken_at", "-id"], name="backup_by_reason"),
            models.Index(fields=["-taken_at", "-id"], condition=models.Q(pinned=True), name="backup_pinned"),
        ]

    def __str__(self) -> str:
        return f"{self.environment.name} {self.identifier}"

    def get_absolute_url(self) -> str:
        return reverse("admin:backups_backup_change", args=[self.pk])

    @property
    def age(self) -> timedelta:
        return timezone.now() - self.taken_at

    @property
    def good(self) -> bool:
        """Whether a restore may begin with it."""
        return not self.damage and self.here and self.proof != Proof.STORED
