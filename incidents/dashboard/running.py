"""What is under way, with its present step and how long it took the last time, in one question (U3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Window,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone

from incidents.models import Incident
from incidents.privacy import LOOKING, PERMISSION
from smsops.models import ACTIVE, Run, RunState, Step, StepState
from smsops.runs.remaining import Remaining, last_took

SHOWN = 10
LATELY = 8
PATIENCE = timedelta(seconds=60)  # a run whose worker died is taken over long before
OPEN = (StepState.PENDING, StepState.RUNNING, StepState.WAITING, StepState.UNDOING)


@dataclass(frozen=True)
class Under:
    """A run that is under way. `expected`: seconds the last one of its kind there took that succeeded."""

    pk: int
    place: str
    title: str
    kind: str
    state: str
    who: str
    created_at: datetime
    started_at: datetime | None
    next_tick_at: datetime
    step: str
    progress: str
    steps: int
    left: int
    expected: float | None
    now: datetime

    @property
    def unattended(self) -> bool:
        """Whether it has been due for a minute, and no worker takes it up."""
        return self.now - self.next_tick_at > PATIENCE

    @property
    def ended(self) -> int:
        return self.steps - self.left

    @property
    def remaining(self) -> Remaining:
        """How far it is, and how long it still takes."""
        return Remaining(self.started_at, self.ended, self.steps, self.expected, self.now)

    @property
    def word(self) -> str:
        return str(RunState(self.state).label)


@dataclass(frozen=True)
class Running:
    """Those shown, the oldest first, and how many there are."""

    runs: list[Under]
    total: int


_FIELDS = (
    "pk", "environment__title", "environment__name", "title", "kind", "state", "actor_name", "created_at", "started_at",
    "next_tick_at", "step_title", "step_progress", "steps_all", "steps_left", "expected", "total",
)  # fmt: skip


def read(user: Any, place: int | None = None) -> Running:
    """Those this person may see, of one environment or of all."""
    if not user.has_perm("smsops.view_run"):
        return Running([], 0)
    found = Run.objects.filter(state__in=ACTIVE)
    found = _seen(found if place is None else found.filter(environment=place), user)
    rows = list(_described(found).order_by("created_at", "pk").values_list(*_FIELDS)[:SHOWN])
    now = timezone.now()
    return Running([_under(row, now) for row in rows], rows[0][-1] if rows else 0)


def lately(user: Any, place: int) -> list[Run]:
    """The last runs of an environment that this person may see, newest first."""
    if not user.has_perm("smsops.view_run"):
        return []
    found = _seen(Run.objects.filter(environment=place).defer("facts", "params"), user)
    return list(found.order_by("-pk")[:LATELY])


def _under(row: tuple[Any, ...], now: datetime) -> Under:
    pk, title, name, *values, steps, left, expected, _ = row
    took = expected.total_seconds() if expected is not None else None
    step = [value or "" for value in values[7:9]]
    filled: tuple[Any, ...] = (pk, title or name, *values[:7], *step, steps or 0, left or 0, took, now)
    return Under(*filled)


def _described(found: QuerySet[Run]) -> QuerySet[Run, Any]:
    steps = Step.objects.filter(run=OuterRef("pk"))
    now = steps.filter(state__in=OPEN).order_by("position")
    counted = {
        "steps_all": Subquery(steps.order_by().values("run").annotate(n=Count("pk")).values("n")),
        "steps_left": Subquery(now.order_by().values("run").annotate(n=Count("pk")).values("n")),
    }
    return found.annotate(
        step_title=Subquery(now.values("title")[:1]),
        step_progress=Subquery(now.values("progress")[:1]),
        expected=last_took(),
        total=Window(Count("pk")),
        **counted,
    )


def _seen(found: QuerySet[Run], user: Any) -> QuerySet[Run]:
    """Without those that look at a private incident, in the same question (incidents.privacy)."""
    if user.has_perm(PERMISSION):
        return found
    number = Cast(KT("params__incident"), BigIntegerField())
    hidden = Incident.objects.filter(private=True, pk=OuterRef("about"))
    return found.annotate(about=number).filter(~(Q(kind__in=LOOKING) & Exists(hidden)))
