"""How people get in: the sessions they began, the second factor, and their account at a single sign-on."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from smsops.errors import OpsError
from smsops.fields import unseal

LONGEST_WAIT = timedelta(hours=1)  # after many wrong codes; three in a million fit at any time


class How(models.TextChoices):
    """What somebody showed who signed in."""

    PASSWORD = "password", "Password"
    CODE = "code", "Password and code"
    BACKUP_CODE = "backup_code", "Password and backup code"
    OIDC = "oidc", "Single sign-on"


class SignIn(models.Model):
    """One session of a person: when and where it began, and how it ended. Without a session it is over."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField(default=timezone.now)
    how = models.CharField(max_length=12, choices=How, default=How.PASSWORD)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField("browser", max_length=255, blank=True)
    session = models.ForeignKey(Session, null=True, on_delete=models.SET_NULL, db_constraint=False, related_name="+")
    seen_at = models.DateTimeField("last seen", default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        default_permissions = ()
        permissions = [("manage_signin", "Can lift lockouts, reset second factors and end sessions of people")]
        indexes = [models.Index(fields=["user", "-at"], name="sign_ins_of_a_person")]

    def __str__(self) -> str:
        return f"{self.user} at {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class _Patient:
    """A device after whose wrong codes one waits 1, 2, 4, … seconds, and at most LONGEST_WAIT."""

    def verify_is_allowed(self) -> tuple[bool, dict[str, Any] | None]:
        allowed, why = super().verify_is_allowed()  # type: ignore[misc]
        if allowed or why is None:
            return allowed, why
        until = min(why["locked_until"], self.throttling_failure_timestamp + LONGEST_WAIT)  # type: ignore[attr-defined]
        return (True, None) if until <= timezone.now() else (False, {**why, "locked_until": until})


class Authenticator(_Patient, TOTPDevice):  # type: ignore[misc]
    """An app that shows a code every 30 seconds (RFC 6238). Its key is kept sealed."""

    class Meta:
        proxy = True
        default_permissions = ()

    @property
    def bin_key(self) -> bytes:
        """The key; OpsError when it was sealed with another field key."""
        if key := unseal(self.key):
            return key
        problem = "The second factor cannot be read: smsops' field key (SMSOPS_FIELD_KEY) is another one than before."
        raise OpsError(problem, fix="Whoever runs smsops can bring the key back, or reset the factor.")


class BackupCodes(_Patient, StaticDevice):  # type: ignore[misc]
    """Codes for when the authenticator is lost, each for once. Only their digests are kept."""

    class Meta:
        proxy = True
        default_permissions = ()

    def digest(self, code: str) -> str:
        """What is kept of a code: 96 bits of an HMAC-SHA256 under the field key, bound to the person."""
        said = hmac.new(settings.FIELD_KEY.encode(), f"backup code {self.user_id} {code}".encode(), hashlib.sha256)
        return urlsafe_b64encode(said.digest()[:12]).decode()

    def verify_token(self, token: str) -> bool:
        return bool(super().verify_token(self.digest(token)))


class Identity(models.Model):
    """A person's account at the single sign-on, known by the provider's own name for it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_identity")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"
