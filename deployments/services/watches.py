"""The watch over a release that was just deployed, and what follows when it is worse (D3)."""

from __future__ import annotations

from deployments.services import rollbacks
from deployments.steps import watch
from deployments.strategies.choice import Strategy
from smsops.errors import OpsError
from smsops.models import Run, RunState, Trigger
from smsops.runs.plan import By, Plan, PlannedStep, submit

KIND = "watch"
NAME = "smsops"


def follow(run: Run) -> Run | None:
    """Begin to watch what a deploy has just brought; None where nothing is to be watched, or it is already."""
    environment = run.environment
    before = run.facts.get(watch.BEFORE)
    if run.kind != "deploy" or run.state != RunState.SUCCEEDED or not environment.watch_seconds or not before:
        return None
    if Run.objects.filter(environment=environment, kind=KIND, params__watched=run.pk).exists():
        return None
    plan = Plan(
        kind=KIND,
        title=f"Watch {run.params['version']} at {environment.name}",
        environment=environment,
        steps=(PlannedStep(watch.WINDOW),),
        params={
            "watched": run.pk,
            "before": before,
            "version": run.params["version"],
            "image_id": run.params["image_id"],
            "old_version": run.params.get("old_version", ""),
        },
        exclusive=False,
    )
    return submit(plan, By(trigger=Trigger.SYSTEM, name=NAME, reason=f"After run {run.pk}."))


def answer(run: Run) -> Run | None:
    """A watch has failed: go back by itself where that costs no data. None where a person has to decide."""
    old = run.params.get("old_version", "")
    if run.kind != KIND or run.state != RunState.SAFE or run.cancel_requested or not old:
        return None
    if Run.objects.filter(environment=run.environment, kind="rollback", pk__gt=run.pk).exists():
        return None
    try:
        gentlest = rollbacks.ways(run.environment, old)[0]
        if gentlest.open and gentlest.strategy is Strategy.CODE and not gentlest.costs:
            by = By(trigger=Trigger.SYSTEM, name=NAME, reason=run.cause)
            return rollbacks.start(run.environment, by, old, Strategy.CODE)
    except OpsError:  # another run is under way, or the release is gone: the incident says what a person can do
        return None
    return None
