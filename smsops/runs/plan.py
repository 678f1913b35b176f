"""Plans: what a run will do, as values that can be shown before, and as rows once somebody decided to do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from smsops import signals
from smsops.errors import WrongUse
from smsops.models import ACTIVE, Decision, Environment, Risk, Run, RunState, Step, Trigger
from smsops.runs import audited, kinds, preludes, requests
from smsops.runs.bell import ring_on_commit

THROUGH = "through"  # the fact of a run that a program asked for: with which token


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
    """What a run would do, in order. Pure: making one changes nothing.

    One that disturbs SMS is never routine, whatever its planner says of the risk.
    """

    kind: str
    title: str
    environment: Environment
    steps: tuple[PlannedStep, ...]
    params: dict[str, Any] = field(default_factory=dict)
    exclusive: bool = True
    disturbs: bool = False
    notes: tuple[str, ...] = ()  # sentences for the confirmation page: what it does, what it costs
    risk: Risk = Risk.ROUTINE
    asked: dict[str, Any] = field(default_factory=dict)  # from what it is made anew (runs/planners.py)

    def __post_init__(self) -> None:
        if self.disturbs and self.risk < Risk.DISTURBING:
            object.__setattr__(self, "risk", Risk.DISTURBING)


@dataclass(frozen=True)
class By:
    """Who wants a run, through which door, and why."""

    trigger: str = Trigger.SYSTEM
    user: User | None = None
    name: str = ""
    reason: str = ""
    break_glass: bool = False  # without the second person, where one is needed
    at_once: str = ""  # why without what comes first, where something does (runs/preludes.py)
    through: str = ""  # the token that was used, where a program asks for somebody

    @property
    def called(self) -> str:
        """The person's name, as the record has it."""
        return self.name or (self.user.get_username() if self.user is not None else "")


def submit(plan: Plan, by: By) -> Run:
    """Write the plan down as a queued run and ring for a worker; as a planned one where a second person has to decide.

    Raises WrongUse naming the other run when an exclusive one is under way there; nothing is written then.
    """
    decision = requests.decision_for(plan, by)
    waits, at_once = decision == Decision.WAITING, preludes.left_out(plan, by)
    try:
        with transaction.atomic():
            run = _write(plan, by, RunState.PLANNED if waits else RunState.QUEUED, at_once)
            if decision is not None:
                requests.write(run, plan, by, decision)
            if at_once:
                preludes.tell(run, at_once)
            signals.run_moved.send(sender=Run, run=run)
            if not waits:
                ring_on_commit(run)
            if by.trigger in requests.PEOPLE:
                audited.requested(run, by, plan.risk, decision)
    except IntegrityError:
        other = active_exclusive(plan.environment)
        if other is None:
            raise
        raise WrongUse(busy(other)) from None
    return run


_ASKED: ContextVar[dict[int, Run | None] | None] = ContextVar("asked", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Within it `active_exclusive` asks the database once for each environment: a page draws a dozen buttons that all
    wait for the same run, and they should say the same."""
    token = _ASKED.set({})
    try:
        yield
    finally:
        _ASKED.reset(token)


def active_exclusive(environment: Environment) -> Run | None:
    """The exclusive run that is under way at the environment, if any."""
    known = _ASKED.get()
    if known is not None and environment.pk in known:
        return known[environment.pk]
    found = Run.objects.filter(environment=environment, exclusive=True, state__in=ACTIVE).first()
    if known is not None:
        known[environment.pk] = found
    return found


def busy(other: Run) -> str:
    """Why an exclusive run cannot begin now."""
    return f"“{other.title}” (run {other.pk}) is under way at {other.environment.name}; wait for it or cancel it."


def _write(plan: Plan, by: By, state: RunState, at_once: str) -> Run:
    run = Run.objects.create(
        environment=plan.environment,
        kind=plan.kind,
        title=plan.title,
        state=state,
        exclusive=plan.exclusive,
        disturbs=plan.disturbs,
        params=plan.params,
        facts=({preludes.AT_ONCE: at_once} if at_once else {}) | ({THROUGH: by.through} if by.through else {}),
        trigger=by.trigger,
        actor=by.user if by.user is not None and by.user.pk else None,
        actor_name=by.called,
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
