"""What a step is: probe, do, undo, and how it behaves when things go wrong.

A kind is a class with a `key`; the apps register theirs when Django starts, and a Step row names its kind by that key.
Kinds hold no state: all they know comes with the Context, so any worker can go on where another one stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context


class Found(Enum):
    """What a probe saw of a step whose worker was lost after its intent."""

    NOT_DONE = "not done"  # doing it (again) from the start is right
    DONE = "done"  # it happened; only the journal does not know yet
    BROKEN = "broken"  # neither: it can only be undone


@dataclass(frozen=True)
class Probe:
    found: Found
    result: dict[str, Any] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True)
class Done:
    """The step has happened. `result` becomes a fact of the run; `output` is shown."""

    result: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class Again:
    """The step goes on: enter it again in `after` seconds. `progress` is shown meanwhile."""

    after: float
    progress: str = ""


Outcome = Done | Again


class StepKind:
    """One bounded action, safe to enter again.

    `do` may be called again when a probe said NOT_DONE: after the loss of a worker, or after a transient error. After
    `Again` it is called without a probe, so one that answers so must be right at any point of it. `undo` is called
    for every step that had an intent, newest first, also for one that failed half-way; it must be right in each case.
    Both may raise OpsError: one sentence for the operator.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    phase: ClassVar[str] = Phase.EXECUTE
    timeout: ClassVar[float] = 300.0  # seconds of wall time, waiting included
    undo_timeout: ClassVar[float] = 300.0
    tries: ClassVar[int] = 3  # attempts when the error is transient
    point_of_no_return: ClassVar[bool] = False
    essential: ClassVar[bool] = True  # False: tidying up, whose failure is told but undoes nothing
    touches_sms: ClassVar[bool] = False  # whether SMS or its data is another after it
    undo_note: ClassVar[str] = "Changes nothing; there is nothing to undo."

    def probe(self, ctx: Context) -> Probe:
        """Tell from the world, not from memory, whether the step has happened."""
        return Probe(Found.NOT_DONE)

    def do(self, ctx: Context) -> Outcome:
        raise NotImplementedError

    def undo(self, ctx: Context) -> Outcome:
        """Bring back what was before; the default is for steps that change nothing."""
        return Done()

    def by_hand(self, ctx: Context) -> list[str]:
        """Commands a person would use if the undo fails too."""
        return []


_KINDS: dict[str, StepKind] = {}


def register(*kinds: type[StepKind]) -> None:
    """Make kinds known; twice the same key with another class is a mistake of the program."""
    for kind in kinds:
        known = _KINDS.setdefault(kind.key, kind())
        if type(known) is not kind:
            raise RuntimeError(f"two step kinds are called {kind.key}")


def get(key: str) -> StepKind:
    """Return the kind registered as `key`; OpsError when this version of smsops has none."""
    if key not in _KINDS:
        raise OpsError(f"This version of smsops does not know the step “{key}”; the run was planned by another one.")
    return _KINDS[key]


def is_essential(key: str) -> bool:
    """Whether the failure of such a step is the run's; one of a kind nobody knows may have been anything."""
    return key not in _KINDS or _KINDS[key].essential
