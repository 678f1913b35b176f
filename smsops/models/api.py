"""Who may use the API, and what was asked through it with a key that makes it happen once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.models.environment import Environment
from smsops.models.run import Run


class Scope(models.TextChoices):
    """What a token may be used for; its owner's permissions are asked as well."""

    READ = "read", "Read what the owner may see"
    BACKUP = "backup", "Back up"
    RELEASES = "releases", "Announce releases"
    DEPLOY = "deploy", "Rehearse and deploy"
    ROLLBACK = "rollback", "Roll back"
    RESTORE = "restore", "Restore"
    CANCEL = "cancel", "Cancel runs"
    INCIDENTS = "incidents", "Acknowledge incidents"
    GLASS = "glass", "Break the glass"


class ApiToken(models.Model):
    """A key to the API: of one owner, for some purposes, until a day. The key itself is nowhere, only its digest."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="What uses it, like “CI of the school”.")
    identifier = models.CharField(max_length=12, unique=True, editable=False, help_text="The part that is no secret.")
    # Of 32 random bytes nobody can guess one, so a digest that is quick to make keeps them as well as a slow one would:
    # slow digests are for passwords, which people choose. And this one is made for every request.
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    # That it is for some alone is a fact of its own: when the last of them is gone it must not be for all.
    limited = models.BooleanField("for some environments alone", default=False, editable=False)
    environments = models.ManyToManyField(Environment, blank=True, related_name="+", help_text="None: all of them.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at", "-pk"]
        permissions = [("revoke_apitoken", "Can revoke the API tokens of others")]

    def __str__(self) -> str:
        return f"{self.name} (smsops_{self.identifier})"

    def get_absolute_url(self) -> str:
        return reverse("admin:smsops_apitoken_change", args=[self.pk])

    @property
    def expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def stranded(self) -> bool:
        """Whether the environments it was for are gone, so that it opens nothing any more."""
        return self.limited and not self.environments.all()

    @property
    def where(self) -> str:
        """The environments it is for, in words."""
        names = ", ".join(each.name for each in self.environments.all())
        return names or ("nowhere: its environments are gone" if self.limited else "everywhere")

    @property
    def usable(self) -> bool:
        """Whether it opens anything; whether its owner may still come in is asked elsewhere."""
        return self.revoked_at is None and not self.expired


class ApiRequest(models.Model):
    """A request with an idempotency key: while it is answered nobody else is, and later its answer is given again."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="requests")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was asked for.")
    holder = models.CharField(max_length=160, blank=True, help_text="Who is answering it.")
    claimed_at = models.DateTimeField(default=timezone.now)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: not answered yet.")
    headers = models.JSONField(default=dict, blank=True)
    body = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_request_per_idempotency_key")]
        indexes = [models.Index(fields=["claimed_at"], name="apirequest_by_age")]

    def __str__(self) -> str:
        return self.key
