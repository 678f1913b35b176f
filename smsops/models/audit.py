"""The audit trail's rows: added at the end of a chain, and never changed or removed (features.md K6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from django.db import models
from django.urls import reverse


class Sort(models.TextChoices):
    """What kind of deed an entry tells of."""

    FORM = "form", "Form"
    BUTTON = "button", "Button"
    RUN = "run", "Run"
    COMMAND = "command", "Command"
    SIGN_IN = "sign-in", "Sign-in"
    LINK = "link", "Link in a message"
    TAKEN = "taken", "Taken out"
    TRAIL = "trail", "The trail itself"


class Door(models.TextChoices):
    """Through which door somebody came."""

    ADMIN = "admin", "Admin"
    COMMAND = "command", "Command line"
    LINK = "link", "Link in a message"
    API = "api", "API"
    SELF = "self", "smsops itself"


class Outcome(models.TextChoices):
    """What is told of a deed that came to nothing; an entry without one is written when, or just before, it is done."""

    REFUSED = "refused", "Refused"
    FAILED = "failed", "Broken off"


class Untouchable(Exception):
    """An entry of the audit trail is neither changed nor removed."""


def _refuse() -> NoReturn:
    raise Untouchable("Entries of the audit trail are never changed or removed.")


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Reads and adds; whatever would change or remove an entry is refused."""

    def update(self, **_: Any) -> NoReturn:
        _refuse()

    def delete(self) -> NoReturn:
        _refuse()

    def bulk_update(self, objs: Iterable[AuditEntry], fields: Iterable[str], batch_size: int | None = None) -> NoReturn:
        _refuse()


class AuditEntry(models.Model):
    """Who did what to what, when, from where and why. Its digest is over all its other fields, the digest of the entry
    before it among them.

    `changes` has for each changed field what was before and after; of a relation to many, what left and what came.
    `given` is what was asked for beside the object: choices, numbers and switches, never free text. `scope` is what
    decides who may read more of it than the object's number (smsops/audit/discretion.py). Entries of one request or
    command have `together` in common. Nobody is linked: whoever is removed later is still named here.
    """

    sequence = models.BigIntegerField("entry", primary_key=True)
    previous = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField("when", db_index=True)
    sort = models.CharField(max_length=10, choices=Sort)
    action = models.CharField(max_length=100)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    who = models.CharField(max_length=150)
    user = models.BigIntegerField("number of the user", null=True, blank=True)
    door = models.CharField("by", max_length=10, choices=Door)
    address = models.CharField("from", max_length=100, blank=True)
    agent = models.CharField("browser", max_length=100, blank=True)
    kind = models.CharField("kind of object", max_length=60, blank=True)
    number = models.CharField("number of the object", max_length=60, blank=True)
    words = models.CharField("object", max_length=200, blank=True)
    reason = models.TextField(blank=True)
    changes = models.JSONField(default=dict, blank=True)
    given = models.JSONField(default=dict, blank=True)
    scope = models.CharField(max_length=60, blank=True)
    together = models.CharField(max_length=32, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-sequence"]
        default_permissions = ("view",)
        verbose_name, verbose_name_plural = "audit entry", "audit trail"
        indexes = [
            models.Index(fields=["kind", "number", "-sequence"], name="audit_by_object"),
            models.Index(fields=["who", "-sequence"], name="audit_by_person"),
            models.Index(fields=["action", "-sequence"], name="audit_by_action"),
            models.Index(fields=["together"], name="audit_together"),
        ]

    def __str__(self) -> str:
        return f"Entry {self.sequence}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse()
        super().save(*args, **{**kwargs, "force_insert": True})

    def get_absolute_url(self) -> str:
        return reverse("admin:smsops_auditentry_change", args=[self.pk])

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    @property
    def about(self) -> str:
        """The object as “kind:number”, like “incident:7”."""
        return f"{self.kind}:{self.number}" if self.kind else ""
