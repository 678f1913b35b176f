"""Runs: the last of each kind, those under way, and those nobody works on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, OuterRef, QuerySet, Subquery
from django.utils import timezone
from prometheus_client import Metric

from incidents.models import LIVE, Incident
from incidents.monitoring.gauges import Gauges
from incidents.privacy import LOOKING
from smsops.models import ACTIVE, FINAL, GOOD, Approval, Decision, Environment, Run, RunState
from smsops.runs import reaper

KINDS = ("backup", "verification", "restore_test", "drill", "restore", "deploy", "rollback")
SAID = FINAL - {RunState.CANCELLED}  # verdicts of the work, not of a person
PATIENCE = timedelta(seconds=60)  # a run whose worker died is taken over long before


def families(names: Sequence[str]) -> Iterator[Metric]:
    """In five queries."""
    yield from _last()
    yield from _under_way()
    yield from _stuck(names)


def _last() -> Gauges:
    gauges = Gauges(
        ("environment", "kind"),
        run_last_end_timestamp_seconds="When the last run of this kind ended that nobody cancelled",
        run_last_duration_seconds="How long it took",
        run_last_succeeded="Whether it succeeded",
    )
    first, *others = (_newest(kind) for kind in KINDS)
    for name, kind, state, started_at, finished_at in first.union(*others, all=True):
        took = finished_at - started_at if started_at and finished_at else None
        gauges.add(
            name, kind,
            run_last_end_timestamp_seconds=finished_at,
            run_last_duration_seconds=took,
            run_last_succeeded=state in GOOD,
        )  # fmt: skip
    return gauges


def _newest(kind: str) -> QuerySet[Run, Any]:
    """The last of that kind at each environment, found by its index."""
    ended = Run.objects.filter(environment=OuterRef("pk"), kind=kind, state__in=SAID).order_by("-created_at")
    numbers = Environment.objects.annotate(last=Subquery(ended.values("pk")[:1])).values("last")
    fields = ("environment__name", "kind", "state", "started_at", "finished_at")
    return Run.objects.filter(pk__in=numbers).order_by().values_list(*fields)


def _under_way() -> Iterator[Metric]:
    told = "Runs without a verdict; planned ones wait for a second person"
    counts = Gauges(("environment", "kind", "state"), runs_unfinished=told)
    longest = Gauges(("environment", "kind"), run_active_seconds="For how long the longest one has been running")
    now, spans = timezone.now(), dict[tuple[str, str], timedelta]()
    # What looks at an incident is short, and would tell that there is one which is private.
    active = Run.objects.filter(state__in=ACTIVE).exclude(kind__in=LOOKING).order_by()
    by_kind = active.values_list("environment__name", "kind", "state")
    for name, kind, state, count, since in by_kind.annotate(count=Count("pk"), since=Min("started_at")):
        counts.add(name, kind, state, runs_unfinished=count)
        if since is not None:
            spans[name, kind] = max(now - since, spans.get((name, kind), timedelta()))
    for key, span in spans.items():
        longest.add(*key, run_active_seconds=span)
    waiting = Approval.objects.filter(decision=Decision.WAITING, run__state=RunState.PLANNED).order_by()
    for name, kind, count in waiting.values_list("run__environment__name", "run__kind").annotate(count=Count("pk")):
        counts.add(name, kind, RunState.PLANNED.value, runs_unfinished=count)
    yield from counts
    yield from longest


def _stuck(names: Sequence[str]) -> Gauges:
    gauges = Gauges(
        ("environment",),
        runs_unattended="Runs that have been due for a minute, and no worker takes them up",
        runs_need_person="Runs whose undo failed, while their incident is not over",
    )
    late = reaper.overdue().filter(next_tick_at__lte=timezone.now() - PATIENCE)
    unattended = Counter(late.order_by().values_list("environment__name", flat=True))
    stuck = Incident.objects.filter(state__in=LIVE, private=False, run__state=RunState.NEEDS_HUMAN).order_by()
    needy = Counter(stuck.values_list("environment__name", flat=True))
    for name in names:
        gauges.add(name, runs_unattended=unattended[name], runs_need_person=needy[name])
    return gauges
