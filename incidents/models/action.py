"""Action items: what shall be different after an incident, who sees to it until when, and what proves it (I12)."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from incidents.models.incident import Incident
from smsops.states import table


class ActionKind(models.TextChoices):
    DETECT = "detect", "Notice it sooner"
    PREVENT = "prevent", "Keep it from happening"
    CORRECT = "correct", "Repair what it broke"
    PLAYBOOK = "playbook", "Update the playbook"


class Priority(models.IntegerChoices):
    HIGH = 1, "High"
    NORMAL = 2, "Normal"
    LOW = 3, "Low"


class ActionState(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    TODO = "todo", "To do"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


ACTION_TABLE = table(proposed="todo dropped", todo="done dropped", done="todo", dropped="todo")


class ActionItem(models.Model):
    """One thing to do after an incident. With a `check` it closes by itself once that holds, and opens again when it
    holds no more; `held` is what the check said last (None: it cannot tell yet)."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="action_items")
    key = models.CharField(max_length=30, blank=True, editable=False, help_text="Of one that smsops proposes.")
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True, help_text="Markdown.")
    kind = models.CharField(max_length=10, choices=ActionKind, default=ActionKind.PREVENT)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    state = models.CharField(max_length=10, choices=ActionState, default=ActionState.TODO, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="action_items"
    )
    due_at = models.DateTimeField("due", null=True, blank=True, help_text="Empty: as the severity says.")

    check_key = models.CharField(
        "closed by", max_length=20, blank=True, help_text="What proves it; empty: a person says that it is done."
    )
    check_days = models.PositiveIntegerField(
        "for (days)", default=14, validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="How long it has to hold since the incident was over.",
    )  # fmt: skip
    check_name = models.CharField(
        "which", max_length=60, blank=True, help_text="The check's key, like “health”; the release, like “1.18.1”."
    )
    held = models.BooleanField(null=True, blank=True, editable=False)
    said = models.TextField(blank=True, editable=False, help_text="What the check said last.")
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)
    done_by = models.CharField(max_length=150, blank=True, editable=False, help_text="Empty: closed by evidence.")
    reopened = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["due_at", "priority", "pk"]
        permissions = [("complete_actionitem", "Can accept, finish, drop and reopen an action item")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "key"], condition=~models.Q(key=""), name="one_proposal_of_a_kind_per_incident"
            )
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="action_items_by_due")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("admin:incidents_actionitem_change", args=[self.pk])

    @property
    def overdue(self) -> bool:
        return self.state == ActionState.TODO and self.due_at is not None and self.due_at < timezone.now()


class ActionEntry(models.Model):
    """One line of an action item's history; only ever added. `author` is empty where smsops itself wrote it."""

    item = models.ForeignKey(ActionItem, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField(default=timezone.now)
    author = models.CharField(max_length=150, blank=True)
    text = models.TextField()

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "action entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.text[:80]}"
