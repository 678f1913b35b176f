"""What is to be done after deployments and now and then (runbook §9)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.models import Environment, Run


class Frequency(models.TextChoices):
    RELEASE = "release", "Per release"
    COMMIT = "commit", "Every commit"
    WEEKLY = "weekly", "Weekly"
    MONTHLY = "monthly", "Monthly"
    QUARTERLY = "quarterly", "Quarterly"


PERIODS = {
    Frequency.WEEKLY: timedelta(days=7),
    Frequency.MONTHLY: timedelta(days=31),
    Frequency.QUARTERLY: timedelta(days=92),
}


class PostTask(models.Model):
    """One line of runbook §9 at one environment: who owes it, how often, and when it was done last, with the evidence.

    A run of `kind` does it; where that is empty a person does, and says so with a note. An operator's own has no key.
    """

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="post_tasks")
    key = models.CharField(max_length=30, blank=True, editable=False)
    title = models.CharField(max_length=120)
    owner = models.CharField(max_length=80)
    frequency = models.CharField(max_length=10, choices=Frequency)
    when = models.CharField(max_length=120, blank=True, help_text="In words, like “After verification”.")
    kind = models.CharField(
        "done by runs of kind", max_length=30, blank=True, help_text="Like “audit”. Empty: a person does it."
    )
    enabled = models.BooleanField(default=True, help_text="Off: it is never due.")
    due_at = models.DateTimeField("due", null=True, blank=True, help_text="Empty: nothing to do until it comes up.")
    done_at = models.DateTimeField("last done", null=True, blank=True, editable=False)
    done_by = models.CharField(max_length=150, blank=True, editable=False)
    done_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    done_run = models.ForeignKey(
        Run, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.TextField("evidence", blank=True, editable=False)

    class Meta:
        ordering = ["environment", "pk"]
        verbose_name = "post-deployment task"
        permissions = [("complete_posttask", "Can mark a post-deployment task as done")]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "key"], condition=~models.Q(key=""), name="one_standard_task_per_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.environment.name})"

    def get_absolute_url(self) -> str:
        return reverse("admin:deployments_posttask_change", args=[self.pk])

    @property
    def overdue(self) -> bool:
        return self.enabled and self.due_at is not None and self.due_at < timezone.now()
