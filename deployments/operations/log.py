"""The operations log: every change of what SMS is, with who, when, why, from what to what, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.fields.json import KT

from deployments.models import Release
from deployments.models.operation import KINDS, WORDS, Operation
from smsops.models import FINAL, Environment, RunState, Step

STOP, GATE = "switch.stop", "switch.gate"
AS_BEFORE = (RunState.UNDONE, RunState.CANCELLED)


@dataclass(frozen=True)
class Entry:
    """One line of the log. `away` are the seconds SMS did not answer: None where nobody knows, or it is not over."""

    run: Operation
    what: str
    before: str
    after: str
    away: float | None


def operations() -> QuerySet[Operation]:
    """What belongs into the log, newest first, with what `entry` needs of it."""
    stops = Step.objects.filter(kind=STOP, started_at__isnull=False).only("run", "started_at")
    known = Release.objects.filter(environment=OuterRef("environment"), image_id=OuterRef("image"))
    found = Operation.objects.filter(kind__in=KINDS).select_related("environment")
    found = found.annotate(image=KT("params__image_id"), started=Subquery(known.values("version")[:1]))
    return found.prefetch_related(Prefetch("steps", queryset=stops, to_attr="stops"))


def of(environment: Environment, since: datetime | None = None) -> list[Entry]:
    """The log of one environment, newest first."""
    found = operations().filter(environment=environment)
    return [entry(run) for run in (found.filter(created_at__gte=since) if since else found)]


def entry(run: Operation) -> Entry:
    """The line for a row of `operations`."""
    before = run.params.get("old_version", "")
    after = run.params.get("version") or getattr(run, "started", "") or before
    return Entry(run, WORDS[run.kind], before, after, away(run))


def away(run: Operation) -> float | None:
    """Seconds without SMS: as its gate measured them; of an undone run, from the stop to the end of the undo."""
    if run.state not in FINAL or run.state == RunState.NEEDS_HUMAN:
        return None
    stopped = [step.started_at for step in getattr(run, "stops", []) if step.started_at]
    if run.state in AS_BEFORE and stopped and run.finished_at:
        return float((run.finished_at - min(stopped)).total_seconds())
    if not stopped:
        return 0.0
    measured = run.facts.get(GATE, {}).get("away_seconds")
    return None if measured is None else float(measured)
