"""What webhooks are told of the kernel's own changes: runs and environments."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models.signals import post_save
from django.dispatch import receiver

from smsops import signals
from smsops.limits import within
from smsops.models import FINAL, Environment, Run, RunState
from smsops.webhooks import outbox

_EVENTS = {RunState.PLANNED: "run.waiting", RunState.RUNNING: "run.started", RunState.UNDOING: "run.undoing"}


@receiver(signals.run_moved, dispatch_uid="smsops.webhooks.run")
def on_run(run: Run, **_: Any) -> None:
    """A run has another state."""
    event = "run.ended" if run.state in FINAL else _EVENTS.get(RunState(run.state), "")
    if event:
        _tell(event, run)
    if run.state == RunState.NEEDS_HUMAN:
        _tell("run.needs_human", run)


@receiver(post_save, sender=Environment, dispatch_uid="smsops.webhooks.environment")
def on_environment(instance: Environment, created: bool, raw: bool = False, **_: Any) -> None:
    """An environment was added or changed; what of it is not told."""
    if not raw:
        event = "environment.created" if created else "environment.changed"
        told = {"environment": instance.name, "title": instance.title}
        outbox.tell(event, f"environment:{instance.pk}", lambda: told, instance.pk)


def run_data(run: Run) -> dict[str, Any]:
    """What is told of a run; nothing of one that not everybody may see."""
    if not within(Run.objects.filter(pk=run.pk), AnonymousUser()).exists():
        return {}
    return {
        "environment": run.environment.name,
        "kind": run.kind,
        "title": run.title,
        "state": run.state,
        "verdict": run.get_state_display(),
        "headline": run.headline,
        "cause": run.cause,
        "by": run.actor_name,
        "reason": run.reason,
        "seconds": run.seconds,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _tell(event: str, run: Run) -> None:
    outbox.tell(event, f"run:{run.pk}", lambda: run_data(run), run.environment_id)
