"""What will happen if nobody does anything: when the RPO breaks, and why (§6.1, B1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from backups import selectors
from backups.services import schedule
from smsops import zones
from smsops.models import ACTIVE, FINAL, GOOD, Environment, Run, Trigger
from smsops.text import seconds_text

LATE = timedelta(minutes=2)  # a bell that has not come so long after its time will not come by itself
RECENT = 20  # backup runs by which the next one is judged


def told(environment: Environment) -> list[str]:
    """What comes of the schedule as it is set, a sentence each: when the next backups are due, and the RPO."""
    planned = schedule.of(environment)
    coming = schedule.coming(environment, 3)
    if not coming:
        return ["Scheduled backups are off."]
    now = timezone.now()
    days = [at.astimezone(planned.hours.zone) for at in coming]
    times = ["now" if at <= now else f"{at:%a %H:%M}" for at in days]
    lines = [f"The next backups: {', '.join(times)} ({planned.time_zone})."]
    slowest = max(planned.hours.usual, planned.hours.quiet)
    if slowest > environment.rpo:
        pace = seconds_text(slowest.total_seconds())
        lines.append(f"One every {pace} cannot keep the RPO of {environment.rpo_minutes} min.")
    else:
        lines.append(str(breach(environment) or f"The RPO of {environment.rpo_minutes} min is kept."))
    return lines


class Past(Protocol):
    """What is asked of a backup run that has ended."""

    @property
    def state(self) -> str: ...
    @property
    def seconds(self) -> float | None: ...


@dataclass(frozen=True)
class Breach:
    """The RPO is broken since, or will be broken at, the moment `at`, and why."""

    at: datetime
    why: str

    def __str__(self) -> str:
        left = (self.at - timezone.now()).total_seconds()
        return f"{f'The RPO breaks in {seconds_text(left)}' if left > 0 else 'The RPO is broken'}: {self.why}"


def breach(environment: Environment) -> Breach | None:
    """The coming breach of the RPO; None when the next backup will be there in time."""
    runs = Run.objects.filter(environment=environment, kind="backup", state__in=FINAL).order_by("-created_at")[:RECENT]
    return judge(prepared(Environment.objects.filter(pk=environment.pk)).get(), list(runs)[::-1])


def prepared(environments: QuerySet[Environment]) -> QuerySet[Environment, Any]:
    """The same environments with what `judge` goes by."""
    good = selectors.good().filter(environment=OuterRef("pk"))  # what came from elsewhere keeps no promise
    backups = Run.objects.filter(environment=OuterRef("pk"), kind="backup", trigger=Trigger.SCHEDULE)
    busy = Run.objects.filter(environment=OuterRef("pk"), exclusive=True, state__in=ACTIVE)
    return environments.select_related("schedule").annotate(
        newest=Subquery(good.order_by("-taken_at").values("taken_at")[:1]),
        last_start=Subquery(backups.order_by("-created_at").values("created_at")[:1]),
        busy=Exists(busy),
    )


def judge(environment: Any, runs: Sequence[Past]) -> Breach | None:
    """The coming breach of a prepared environment, by its last backup runs that have ended, oldest first."""
    recent = list(runs[: -RECENT - 1 : -1])
    now = timezone.now()
    if environment.newest is None:
        return Breach(now, "there is no good backup yet.")
    deadline, planned = environment.newest + environment.rpo, schedule.of(environment)
    starts = schedule.due_after(planned, environment.last_start)
    if starts is None:
        return Breach(deadline, "scheduled backups are off.")
    failed = _failures(recent)
    if failed >= 2:
        return Breach(deadline, f"the last {failed} backups failed.")
    if now - starts > LATE and not environment.busy:
        return Breach(deadline, f"no backup has begun since {zones.kept(starts)}, when one was due; is beat running?")
    if max(starts, now) + _usual_length(recent) <= deadline:
        return None
    if planned.paused:
        return Breach(deadline, f"backups are paused until {zones.kept(starts)} ({planned.pause_reason}).")
    return Breach(deadline, f"the next backup is due only at {zones.kept(starts)}.")


def _failures(recent: Sequence[Past]) -> int:
    """How many backups in a row have failed up to now."""
    return next((count for count, run in enumerate(recent) if run.state in GOOD), len(recent))


def _usual_length(recent: Sequence[Past]) -> timedelta:
    """What nine in ten of the recent backups did not exceed."""
    took = sorted(run.seconds or 0.0 for run in recent if run.state in GOOD)
    return timedelta(seconds=took[int(len(took) * 0.9)] if took else 60.0)
