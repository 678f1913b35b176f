"""Runs and their steps: the row is the job, Celery is only the doorbell (design: how work runs)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from smsops.models.environment import Environment
from smsops.states import final_states, table


class RunState(models.TextChoices):
    """Where a run is; the last five are its possible verdicts."""

    PLANNED = "planned", "Planned"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    UNDOING = "undoing", "Undoing"
    SUCCEEDED = "succeeded", "Succeeded"
    UNDONE = "failed_undone", "Failed and undone"
    SAFE = "failed_safe", "Failed, nothing changed"
    NEEDS_HUMAN = "needs_human", "Needs a person"
    CANCELLED = "cancelled", "Cancelled"


RUN_TABLE = table(
    planned="queued cancelled",
    queued="running cancelled",
    running="succeeded undoing failed_safe",
    undoing="failed_undone failed_safe needs_human cancelled",
)
FINAL = final_states(RUN_TABLE)
UNFINISHED = frozenset(RUN_TABLE) - FINAL
ACTIVE = UNFINISHED - {RunState.PLANNED}
GOOD = frozenset({RunState.SUCCEEDED})


class Trigger(models.TextChoices):
    MANUAL = "manual", "By a person"
    COMMAND = "command", "By a command"
    API = "api", "By the API"
    SCHEDULE = "schedule", "By the schedule"
    SYSTEM = "system", "By smsops itself"


class Run(models.Model):
    """One piece of work for an environment. One row is one job; its steps are the plan, audited as such."""

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=30)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=20, choices=RunState, default=RunState.PLANNED)
    exclusive = models.BooleanField(default=True, help_text="No other exclusive run may be under way there.")
    disturbs = models.BooleanField(default=False, help_text="SMS is expected to be away for a while.")
    trigger = models.CharField(max_length=10, choices=Trigger, default=Trigger.MANUAL)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    actor_name = models.CharField(max_length=150, blank=True)
    reason = models.TextField(blank=True)
    params = models.JSONField(default=dict, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text="What the steps found out, by step.")
    headline = models.TextField(blank=True, help_text="The verdict in one sentence.")
    cause = models.TextField(blank=True, help_text="Why it failed, in one sentence.")
    cancel_requested = models.BooleanField(default=False)
    cancel_note = models.TextField(blank=True, help_text="Who asked for it to be cancelled, and why.")
    undo_announced = models.BooleanField(default=False)
    end_announced = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    undo_started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    next_tick_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("cancel_run", "Can cancel a run"),
            ("approve_run", "Can approve or refuse a run somebody else asked for"),
            ("break_glass", "Can start a run without the second person it needs"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["environment"],
                condition=models.Q(exclusive=True, state__in=["queued", "running", "undoing"]),
                name="one_exclusive_run_per_environment",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_tick_at"],
                condition=models.Q(state__in=["queued", "running", "undoing"]),
                name="run_due_for_a_tick",
            ),
            models.Index(fields=["environment", "kind", "-created_at"], name="run_by_environment"),
            models.Index(fields=["id"], condition=models.Q(end_announced=False), name="run_not_announced"),
            models.Index(fields=["-created_at", "-id"], name="run_newest_first"),
            models.Index(fields=["state", "-created_at", "-id"], name="run_by_state"),
            models.Index(fields=["kind", "-created_at", "-id"], name="run_by_kind"),
            models.Index(fields=["trigger", "-created_at", "-id"], name="run_by_trigger"),
        ]

    def __str__(self) -> str:
        return f"{self.title} (run {self.pk})"

    def get_absolute_url(self) -> str:
        return reverse("admin:smsops_run_change", args=[self.pk])

    @property
    def finished(self) -> bool:
        return self.state in FINAL

    @property
    def lease_scope(self) -> str:
        """What a worker must hold to work on this run: the whole environment where the run is exclusive."""
        return f"environment:{self.environment_id}" if self.exclusive else f"run:{self.pk}"

    @property
    def seconds(self) -> float | None:
        """Wall time from the first tick to the verdict (or until now), in seconds."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()


class Phase(models.TextChoices):
    """The phases of runbook §6.2."""

    DETECT = "detect", "Detect"
    PREPARE = "prepare", "Prepare"
    EXECUTE = "execute", "Execute"
    VALIDATE = "validate", "Validate"


class StepState(models.TextChoices):
    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Failed"
    UNDOING = "undoing", "Undoing"
    UNDONE = "undone", "Undone"
    STUCK = "stuck", "Could not be undone"


class Step(models.Model):
    """One journaled action of a run. `state` is the journal's last word on it; JournalEntry has the whole story."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.EXECUTE)
    state = models.CharField(max_length=10, choices=StepState, default=StepState.PENDING)
    params = models.JSONField(default=dict, blank=True)
    memo = models.JSONField(default=dict, blank=True, help_text="What the step must know when it is entered again.")
    result = models.JSONField(default=dict, blank=True)
    output = models.TextField(blank=True)
    error = models.TextField(blank=True)
    progress = models.CharField(max_length=200, blank=True)
    point_of_no_return = models.BooleanField(default=False)
    undo_note = models.CharField(max_length=200, blank=True, help_text="How it is undone, or why there is no undo.")
    interruptions = models.PositiveIntegerField(default=0, help_text="Times a worker was lost inside this step.")
    attempts = models.PositiveIntegerField(default=0)
    token = models.PositiveBigIntegerField(default=0, help_text="Fencing token of the last worker that touched it.")
    work_seconds = models.FloatField(
        default=0, help_text="Time spent in the action itself, without waiting for workers."
    )
    unattended_seconds = models.FloatField(default=0, help_text="Time in which no worker was there to go on with it.")
    started_at = models.DateTimeField(null=True, blank=True)
    undo_started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["run", "position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="one_step_per_position")]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"

    @property
    def seconds(self) -> float | None:
        """Wall time of the step so far, in seconds."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    @property
    def open_seconds(self) -> float:
        """Seconds the action (the undo, once it has begun) has had so far, without those nobody was there to use."""
        began = self.undo_started_at or self.started_at
        return 0.0 if began is None else (timezone.now() - began).total_seconds() - self.unattended_seconds
