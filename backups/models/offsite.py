"""Vaults on other machines, and which backup has a copy in which."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse

from smsops.fields import EncryptedTextField, NameField
from smsops.models import Environment


class SiteKind(models.TextChoices):
    S3 = "s3", "S3, or what speaks like it"
    AZURE = "azure", "Azure Blob"
    SFTP = "sftp", "SFTP"
    FOLDER = "folder", "A mounted folder"


class LockMode(models.TextChoices):
    COMPLIANCE = "COMPLIANCE", "Nobody may remove it"
    GOVERNANCE = "GOVERNANCE", "Only who may bypass the lock"


class OffsiteVault(models.Model):
    """A vault elsewhere to which every backup of an environment is copied (B8).

    The fields mean what they mean in `backups.vault.remote.Site`. Nothing there is ever removed by smsops, unless
    `tidy` says so. `log_at` is the moment up to which every commit is there, `log_faults` how many files of the log are
    damaged or missing on either side; `sizes` are measured ones: for each day its date, the bytes and the files.
    """

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="offsite_vaults")
    name = NameField(max_length=40, help_text="Short name used in commands, like “s3”.")
    kind = models.CharField(max_length=10, choices=SiteKind, default=SiteKind.S3)
    bucket = models.CharField(
        "bucket, container or folder", max_length=500, help_text="It has to exist; smsops makes none."
    )
    prefix = models.CharField(
        "folder inside", max_length=200, blank=True, help_text="Belongs to this environment alone. Empty: its name."
    )
    address = models.CharField(
        max_length=300, blank=True, help_text="S3: URL, empty for AWS. Azure: URL of the account. SFTP: host:port."
    )
    region = models.CharField(max_length=40, blank=True)
    user = models.CharField("user or access key", max_length=200, blank=True)
    secret = EncryptedTextField(blank=True, default="")
    host_key = models.CharField(
        "SFTP host key", max_length=1000, blank=True, help_text="As ssh-keyscan says it: “ssh-ed25519 AAAA…”."
    )
    lock_days = models.PositiveIntegerField("lock for (days)", default=0, help_text="S3 object lock. 0: none.")
    lock_mode = models.CharField(max_length=10, choices=LockMode, default=LockMode.COMPLIANCE)
    read_back = models.BooleanField(
        "read copies back",
        default=True,
        help_text="Off: the credentials may only list and write. Lengths alone are compared, and bringing back "
        "needs credentials that may read.",
    )
    lag_minutes = models.PositiveIntegerField(
        "may lag (minutes)",
        default=60,
        validators=[MinValueValidator(1)],
        help_text="A backup that is not there after so long is an incident.",
    )
    copy_log = models.BooleanField(
        "copy the commits between", default=True, help_text="Where the log is followed: every commit, after seconds."
    )
    log_seconds = models.PositiveIntegerField(
        "gather commits for (seconds)",
        default=5,
        validators=[MinValueValidator(1)],
        help_text="One new file there for so many seconds of commits; none while nothing is committed.",
    )
    log_lag_seconds = models.PositiveIntegerField(
        "commits may lag (seconds)",
        default=120,
        validators=[MinValueValidator(10)],
        help_text="Commits that are not there after so long are an incident.",
    )
    tidy = models.BooleanField(
        "remove what is past its time",
        default=False,
        help_text="Off: nothing there is ever removed by smsops, and the credentials need no right to.",
    )
    grace_days = models.PositiveIntegerField(
        "but not before (days)",
        default=7,
        validators=[MinValueValidator(1)],
        help_text="So long after it was removed here.",
    )
    enabled = models.BooleanField(default=True)
    turn = models.PositiveIntegerField(default=0, editable=False)
    copied_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    problem = models.TextField(blank=True, editable=False)
    log_at = models.DateTimeField(null=True, blank=True, editable=False)
    log_problem = models.TextField(blank=True, editable=False)
    log_faults = models.PositiveIntegerField(default=0, editable=False)
    tidied_at = models.DateTimeField(null=True, blank=True, editable=False)
    tidied = models.TextField(blank=True, editable=False)
    sizes = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        ordering = ["environment__name", "name"]
        verbose_name = "off-site vault"
        permissions = [
            ("copy_offsitevault", "Can copy backups to an off-site vault"),
            ("tidy_offsitevault", "Can remove from an off-site vault what is past its time"),
        ]
        constraints = [models.UniqueConstraint(fields=["environment", "name"], name="one_offsite_vault_per_name")]

    def __str__(self) -> str:
        return f"{self.environment.name} → {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("admin:backups_offsitevault_change", args=[self.pk])

    def clean(self) -> None:
        """Refuse what could not work, with one sentence per field."""
        mistakes = {}
        if self.kind == SiteKind.SFTP and not self.host_key:
            mistakes["host_key"] = "Without the server's key smsops cannot know whom it talks to."
        if self.kind in (SiteKind.SFTP, SiteKind.AZURE) and not self.address:
            mistakes["address"] = "Say where the server is."
        if self.lock_days and self.kind != SiteKind.S3:
            mistakes["lock_days"] = "Only S3 can lock what is stored."
        if ".." in self.prefix.split("/") or self.prefix.startswith("/"):
            mistakes["prefix"] = "Give a folder inside the bucket, like “school/sms”."
        if mistakes:
            raise ValidationError(mistakes)

    @property
    def allowed_log_lag(self) -> timedelta:
        return timedelta(seconds=self.log_lag_seconds)

    @property
    def allowed_lag(self) -> timedelta:
        return timedelta(minutes=self.lag_minutes)
