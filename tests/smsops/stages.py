"""Step kinds whose answers the tests write down beforehand; every call they get is kept in a file, over all workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.utils import timezone

from smsops import signals
from smsops.models import Environment, Lease, Run
from smsops.runs import executor, kinds, leases, plan
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Found, Outcome, Probe, StepKind
from smsops.runs.leases import Held
from smsops.runs.plan import By, Plan, PlannedStep


class Stage:
    """The world of one test: what is answered to a call, and what was called."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "calls"
        self.answers: dict[str, list[Any]] = {}

    def say(self, call: str, *answers: Any) -> None:
        """Answer `call` with these, one after the other, and with the last from then on."""
        self.answers[call] = list(answers)

    def play(self, call: str, ctx: Context, usual: Any) -> Any:
        if not call.startswith("probe ") or call in self.answers:
            self.note(call)
        answers = self.answers.get(call, [usual])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer(ctx) if callable(answer) else answer

    def note(self, line: str) -> None:
        with self.file.open("a") as file:
            file.write(f"{line}\n")

    @property
    def calls(self) -> list[str]:
        """Every call so far; a probe is left out unless the test answers it."""
        return self.file.read_text().splitlines() if self.file.exists() else []


class Acting(StepKind):
    stage: ClassVar[Stage]
    name: ClassVar[str]

    def probe(self, ctx: Context) -> Probe:
        found: Probe = self.stage.play(f"probe {self.name}", ctx, Probe(Found.NOT_DONE))
        return found

    def do(self, ctx: Context) -> Outcome:
        outcome: Outcome = self.stage.play(self.name, ctx, Done())
        return outcome


class Undoable(Acting):
    undo_note = "Takes it back."

    def undo(self, ctx: Context) -> Outcome:
        outcome: Outcome = self.stage.play(f"undo {self.name}", ctx, Done())
        return outcome

    def by_hand(self, ctx: Context) -> list[str]:
        commands: list[str] = self.stage.play(f"by hand {self.name}", ctx, [f"put back {self.name}"])
        return commands


class Look(Acting):
    key, name, title, phase = "stage.look", "look", "Look around", "detect"


class Make(Undoable):
    key, name, title, phase = "stage.make", "make", "Make room", "prepare"


class Change(Undoable):
    key, name, title, touches_sms = "stage.change", "change", "Change SMS", True


class Tidy(Undoable):
    key, name, title, essential = "stage.tidy", "tidy", "Tidy up", False


class Commit(Undoable):
    key, name, title, touches_sms, point_of_no_return = "stage.commit", "commit", "Commit", True, True


def register() -> None:
    kinds.register(Look, Make, Change, Tidy, Commit)


def planned(environment: Environment, *names: str, **fields: Any) -> Plan:
    steps = tuple(PlannedStep(f"stage.{name}") for name in names)
    return Plan(**{"kind": "test", "title": "Test run", "environment": environment, "steps": steps, **fields})


def queue(environment: Environment, *names: str, **fields: Any) -> Run:
    """A queued run of these steps, at a place where workers have been before."""
    run = plan.submit(planned(environment, *names, **fields), By(name="test"))
    long_ago = timezone.now() - timedelta(minutes=1)
    Lease.objects.get_or_create(scope=run.lease_scope, defaults={"expires_at": long_ago})
    return run


def work(run: Run, deliveries: int = 60) -> Run:
    """Deliver ticks, without waiting between them, until nothing is left to do."""
    for _ in range(deliveries):
        if executor.drive(run.pk) is None:
            run.refresh_from_db()
            return run
    raise AssertionError(f"run {run.pk} does not come to an end: {run.state}")


def states(run: Run) -> list[str]:
    return [step.state for step in run.steps.all()]


def set_back(run: Run, seconds: float) -> None:
    """As if every step had begun, and its undo too, so much earlier."""
    before = timedelta(seconds=seconds)
    for step in run.steps.all():
        step.started_at = step.started_at and step.started_at - before
        step.undo_started_at = step.undo_started_at and step.undo_started_at - before
        step.save()


def take_over(scope: str) -> Held:
    """Another worker finds the lease expired and takes it."""
    Lease.objects.filter(scope=scope).update(expires_at=timezone.now() - timedelta(seconds=1))
    held = leases.claim(scope)
    assert held is not None
    return held


class Death(BaseException):
    """A worker dies: nothing after this happens."""


@contextmanager
def dying_at(where: str) -> Iterator[None]:
    """The worker inside dies at this boundary of the journal."""

    def die(where: str, **_: Any) -> None:
        if where == boundary:
            raise Death(where)

    boundary = where
    signals.boundary.connect(die)
    try:
        with pytest.raises(Death):
            yield
    finally:
        signals.boundary.disconnect(die)
