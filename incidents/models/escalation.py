"""Who is told when nobody answers, or when it turns out to be worse (runbook §5.4; I5)."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from incidents.models.fact import FactKind
from incidents.models.incident import Incident, Issue, Severity
from incidents.models.people import Channel, Rota, Team
from smsops.models import Environment


class EscalationPolicy(models.Model):
    """Levels that are gone through, one after the other. Of several that fit an incident the closest counts: one for
    its environment before one for all, one for its kind of issue before one for any."""

    name = models.CharField(max_length=80, unique=True)
    environment = models.ForeignKey(
        Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="escalation_policies",
        help_text="Empty: every environment without one of its own.",
    )  # fmt: skip
    issue = models.CharField("kind of issue", max_length=10, choices=Issue, blank=True, help_text="Empty: any.")
    least = models.CharField(
        "from severity", max_length=10, choices=Severity, default=Severity.MEDIUM,
        help_text="For less nobody is paged; the channels are told.",
    )  # fmt: skip
    nag_minutes = models.PositiveIntegerField(
        "again every (minutes)", default=5, validators=[MinValueValidator(1)],
        help_text="Whoever was paged is paged again until somebody acknowledges.",
    )  # fmt: skip
    rounds = models.PositiveIntegerField(
        default=3, help_text="How many times each level is paged again before only the next one is."
    )
    acknowledged_minutes = models.PositiveIntegerField(
        "an acknowledgement lasts (minutes)", default=60,
        help_text="Then, unless it is mitigated, whoever has it is asked again, and the levels go on. 0: for ever.",
    )  # fmt: skip
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "escalation policies"
        constraints = [
            models.UniqueConstraint(
                Coalesce("environment", 0), "issue", condition=Q(enabled=True), name="one_escalation_policy_per_issue"
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a second one for the same incidents, by name: the constraint has none that means anything."""
        others = EscalationPolicy.objects.filter(enabled=True, environment=self.environment, issue=self.issue)
        if self.enabled and (other := others.exclude(pk=self.pk).first()) is not None:
            raise ValidationError({"issue": f"“{other}” is for the same incidents; switch one of the two off."})


class Condition(models.TextChoices):
    """What a level waits for besides time."""

    ALWAYS = "", "Nothing: the time alone counts"
    INTEGRITY_FAILED = FactKind.INTEGRITY_FAILED, "An integrity check fails"
    EXPOSURE_CONFIRMED = FactKind.EXPOSURE_CONFIRMED, "The exposure is confirmed"
    ROWS_LOST = FactKind.ROWS_LOST, "Rows are lost"
    UNDO_FAILED = FactKind.UNDO_FAILED, "A change could not be undone"
    CAUSE_UNKNOWN = "cause_unknown", "The root cause is still unknown"
    UNRESOLVED = "unresolved", "It is not over, acknowledged or not"
    UNANSWERED = "unanswered", "Nobody has it within its severity's response time"


class PolicyLevel(models.Model):
    """One level: whom, after how long, on what condition. A fact brings it at once; time brings it while that holds."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="levels")
    position = models.PositiveIntegerField(default=1)
    after_minutes = models.PositiveIntegerField(
        default=0, help_text="Since the incident was opened; with a fact as condition: since it was established."
    )
    condition = models.CharField(max_length=20, choices=Condition, blank=True, default=Condition.ALWAYS)
    rotas = models.ManyToManyField(Rota, blank=True, related_name="+")
    teams = models.ManyToManyField(Team, blank=True, related_name="+")
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    channels = models.ManyToManyField(Channel, blank=True, related_name="+")
    office_hours = models.BooleanField(
        default=False, help_text="Outside Monday to Friday 08:00-18:00 of the environment's zone it waits for morning."
    )

    class Meta:
        ordering = ["policy", "position"]
        constraints = [models.UniqueConstraint(fields=["policy", "position"], name="one_level_per_position")]

    def __str__(self) -> str:
        return f"Level {self.position} of {self.policy}"


class Escalation(models.Model):
    """The policy at work on one incident, frozen when it began: later changes of the policy do not reach it.

    `policy` holds {"name", "least", "nag_minutes", "rounds", "acknowledged_minutes", "levels": [{"position",
    "after_minutes", "condition", "rotas", "teams", "users", "channels", "office_hours"}]}, everybody by id; a level
    that was brought has that moment as "brought". `paged` tells for every level that was paged when that was last, how
    often since somebody last had it, and whether its own condition was met:
    {"1": {"at": time, "times": 2, "own": true}}.
    `due_at` is when it has to be looked at next; None: only news moves it. `excuse` says why nobody is paged just now,
    `declined` who said that they cannot take it.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="escalations")
    policy = models.JSONField(default=dict)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    paged = models.JSONField(default=dict, blank=True)
    free_since = models.DateTimeField(default=timezone.now, help_text="Since when nobody has it.")
    excuse = models.CharField(max_length=200, blank=True)
    declined = models.JSONField(default=list, blank=True)
    turn = models.PositiveIntegerField(default=0, help_text="Grows with every step; a step is claimed by it.")
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=Q(ended_at__isnull=True), name="one_running_escalation_per_incident"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(ended_at__isnull=True), name="escalation_due"),
        ]

    def __str__(self) -> str:
        return f"Escalation of incident {self.incident_id}"
