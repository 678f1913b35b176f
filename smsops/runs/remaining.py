"""How far a run is, and how long it still takes, by what the last one of its kind there took that succeeded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from smsops.models import FINAL, Run, RunState
from smsops.text import seconds_text

WAITS, NEVER = "waits for a worker", "never done here before"


@dataclass(frozen=True)
class Remaining:
    """Of a run that began at `started_at`, had `ended` of its `steps`, and is expected to take so many seconds."""

    started_at: datetime | None
    ended: int
    steps: int
    expected: float | None
    now: datetime

    @property
    def at(self) -> int:
        """Which of its steps it is in."""
        return min(self.ended + 1, self.steps)

    @property
    def share(self) -> int:
        """How far it is, of a hundred: by the time it took before, else by its steps; a hundred only at its end."""
        by_steps = self.ended / self.steps if self.steps else 0.0
        if not self.expected or self.started_at is None:
            return round(99 * by_steps)
        return min(99, round(99 * (self.now - self.started_at).total_seconds() / self.expected))

    @property
    def ends_at(self) -> datetime | None:
        """When it will be over if it takes as long as the last time."""
        if self.expected is None or self.started_at is None:
            return None
        return self.started_at + timedelta(seconds=self.expected)

    @property
    def text(self) -> str:
        """`about 40 s left`; or why nobody knows."""
        if self.ends_at is None:
            return WAITS if self.started_at is None else NEVER
        left = (self.ends_at - self.now).total_seconds()
        return f"about {seconds_text(left)} left" if left > 0 else f"{seconds_text(-left)} longer than the last time"


def last_took() -> Subquery:
    """For runs: how long the last one of the same kind took there that succeeded."""
    before = Run.objects.filter(environment=OuterRef("environment"), kind=OuterRef("kind"), state=RunState.SUCCEEDED)
    before = before.filter(started_at__isnull=False, finished_at__isnull=False).order_by("-created_at")
    took = ExpressionWrapper(F("finished_at") - F("started_at"), DurationField())
    return Subquery(before.annotate(took=took).values("took")[:1])


def expecting(found: QuerySet[Run]) -> QuerySet[Run]:
    """The same runs, so that `of` has no question of its own."""
    return found.annotate(took_before=last_took())


def of(run: Run, ended: int, steps: int) -> Remaining | None:
    """What is left of a run that goes on; None for one that is over or being undone."""
    if run.state in FINAL or run.state == RunState.UNDOING:
        return None
    known = run if hasattr(run, "took_before") else expecting(Run.objects.filter(pk=run.pk)).get()
    took: timedelta | None = known.took_before  # type: ignore[attr-defined]
    return Remaining(run.started_at, ended, steps, took.total_seconds() if took else None, timezone.now())
