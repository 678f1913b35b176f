"""Plans: what a run will do, as values that can be shown before, and as rows once somebody decided to do it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from smsops.errors import WrongUse
from smsops.models import ACTIVE, Environment, Run, RunState, Step, Trigger
from smsops.runs import kinds
from smsops.runs.bell import ring_on_commit


@dataclass(frozen=True)
class PlannedStep:
    """A step to be: the key of its kind and its parameters."""

    kind: str
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return kinds.get(self.kind).title

    @property
    def undo_note(self) -> str:
        return kinds.get(self.kind).undo_note

    @property
    def phase(self) -> str:
        return kinds.get(self.kind).phase


@dataclass(frozen=True)
class Plan:
    """What a run would do, in order. Pure: making one changes nothing."""

    kind: str
    title: str
    environment: Environment
    steps: tuple[PlannedStep, ...]
    params: dict[str, Any] = field(default_factory=dict)
    exclusive: bool = True
    disturbs: bool = False
    notes: tuple[str, ...] = ()  # sentences for the confirmation page: what it does, what it costs


@dataclass(frozen=True)
class By:
    """Who wants a run, through which door, and why."""

    trigger: str = Trigger.SYSTEM
    user: User | None = None
    name: str = ""
    reason: str = ""


def submit(plan: Plan, by: By) -> Run:
    """Write the plan down as a queued run and ring for a worker.

    Raises WrongUse naming the other run when an exclusive one is under way there; nothing is written then.
    """
    try:
        with transaction.atomic():
            run = _write(plan, by)
            ring_on_commit(run)
    except IntegrityError:
        other = active_exclusive(plan.environment)
        if other is None:
            raise
        raise WrongUse(busy(other)) from None
    return run


def active_exclusive(environment: Environment) -> Run | None:
    """The exclusive run that is under way at the environment, if any."""
    return Run.objects.filter(environment=environment, exclusive=True, state__in=ACTIVE).first()


def busy(other: Run) -> str:
    """Why an exclusive run cannot begin now."""
    return f"“{other.title}” (run {other.pk}) is under way at {other.environment.name}; wait for it or cancel it."


def _write(plan: Plan, by: By) -> Run:
    run = Run.objects.create(
        environment=plan.environment,
        kind=plan.kind,
        title=plan.title,
        state=RunState.QUEUED,
        exclusive=plan.exclusive,
        disturbs=plan.disturbs,
        params=plan.params,
        trigger=by.trigger,
        actor=by.user if by.user is not None and by.user.pk else None,
        actor_name=by.name or (by.user.get_username() if by.user is not None else ""),
        reason=by.reason,
    )
    rows = [_step(run, position, planned) for position, planned in enumerate(plan.steps, 1)]
    Step.objects.bulk_create(rows)
    return run


def _step(run: Run, position: int, planned: PlannedStep) -> Step:
    kind = kinds.get(planned.kind)
    return Step(
        run=run,
        position=position,
        kind=planned.kind,
        title=kind.title,
        phase=kind.phase,
        params=planned.params,
        point_of_no_return=kind.point_of_no_return,
        undo_note=kind.undo_note,
    )
