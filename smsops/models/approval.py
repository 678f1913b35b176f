"""The two-person rule's record: who asked for a run, who decided on it, and on exactly which plan."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from smsops.models.risk import Risk
from smsops.models.run import Run, RunState
from smsops.states import table


class Decision(models.TextChoices):
    """What became of a request."""

    WAITING = "waiting", "Waits for approval"
    APPROVED = "approved", "Approved"
    REFUSED = "refused", "Refused"
    VOID = "void", "Void"
    GLASS_BROKEN = "glass_broken", "Glass broken"


DECISION_TABLE = table(waiting="approved refused void glass_broken")


class Approval(models.Model):
    """A run that somebody asked for and another person decides on; bound to the digest of its plan."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="approval")
    risk = models.PositiveSmallIntegerField(choices=Risk)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the plan that was asked for.")
    asked = models.JSONField(default=dict, blank=True, help_text="From what the plan is made anew.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_name = models.CharField(max_length=150)
    requested_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(blank=True)
    expires_at = models.DateTimeField()
    decision = models.CharField("approval", max_length=12, choices=Decision, default=Decision.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(decision="approved") | ~models.Q(decided_name=models.F("requested_name")),
                name="approved_by_another_person",
            )
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=models.Q(decision="waiting"), name="approval_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.get_decision_display()}: {self.run}"

    @property
    def waits(self) -> bool:
        """Whether somebody may still decide."""
        return self.decision == Decision.WAITING and self.run.state == RunState.PLANNED

    @property
    def broken(self) -> bool:
        """Whether the run went without a second person although it should have had one."""
        return self.decision == Decision.GLASS_BROKEN
