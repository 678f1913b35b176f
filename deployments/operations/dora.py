"""The four DORA figures of an environment, each with what it was counted from (D15)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.utils import timezone

from deployments.models import Release
from deployments.operations import disturbances
from deployments.operations.changes import Change, Happened, changes
from deployments.operations.disturbances import Disturbance
from smsops.models import Environment, Run, RunState

KINDS = ("deploy", "rollback", "restore")
WINDOWS = (30, 90)  # days


@dataclass(frozen=True)
class Figures:
    """Of one environment and window. A figure is None where there is nothing to count; `n` says from how many."""

    days: int
    deploys: int
    lead_seconds: float | None
    lead_n: int
    failed: int
    changes: int
    restore_seconds: float | None
    restore_n: int
    still_bad: int

    @property
    def per_week(self) -> float:
        return self.deploys * 7 / self.days

    @property
    def failure_rate(self) -> float | None:
        return self.failed / self.changes if self.changes else None


def of(environment: Environment, days: int) -> Figures:
    """The figures of the last `days` days, in three questions; nothing of any other environment is read."""
    start = timezone.now() - timedelta(days=days)
    runs = Run.objects.filter(environment=environment, kind__in=KINDS)
    runs = runs.filter(started_at__isnull=False, finished_at__isnull=False)
    fields = ("environment_id", "kind", "state", "params__release", "undo_started_at", "started_at", "finished_at")
    history = [Happened(*row) for row in runs.values_list(*fields)]
    known = Release.objects.filter(environment=environment, committed_at__isnull=False)
    commits = dict(known.values_list("pk", "committed_at"))
    return _figures(days, start, changes(history), disturbances.since(start, environment.pk), commits)


def _figures(
    days: int,
    start: datetime,
    all_changes: list[Change],
    troubles: list[Disturbance],
    commits: dict[int, datetime | None],
) -> Figures:
    recent = [change for change in all_changes if change.deploy.ended >= start]
    lead = list(_lead_times(all_changes, start, commits))
    spans = [(change.bad_from, change.good_at) for change in recent if change.bad_from is not None]
    spans += [(each.began, each.ended) for each in troubles if not _of_a_change(each, all_changes)]
    restored = [(good - bad).total_seconds() for bad, good in spans if good is not None]
    return Figures(
        days,
        deploys=sum(change.deploy.state == RunState.SUCCEEDED for change in recent),
        lead_seconds=median(lead) if lead else None,
        lead_n=len(lead),
        failed=sum(change.failed for change in recent),
        changes=len(recent),
        restore_seconds=median(restored) if restored else None,
        restore_n=len(restored),
        still_bad=len(spans) - len(restored),
    )


def _lead_times(found: list[Change], start: datetime, commits: dict[int, datetime | None]) -> Iterable[float]:
    """Seconds from a release's commit to its first deploy here, where that was in the window."""
    seen: set[int] = set()
    for deploy in (change.deploy for change in found if change.deploy.state == RunState.SUCCEEDED):
        made = commits.get(deploy.release) if deploy.release is not None else None
        if made is not None and deploy.release not in seen and start <= deploy.ended and made <= deploy.ended:
            yield (deploy.ended - made).total_seconds()
        if deploy.release is not None:
            seen.add(deploy.release)


def _of_a_change(trouble: Disturbance, found: list[Change]) -> bool:
    """Whether it is the same trouble as that of a failed deploy: it began while that one was under way or bad."""
    for change in found:
        if (
            change.failed
            and change.deploy.began <= trouble.began
            and (change.good_at is None or trouble.began <= change.good_at)
        ):
            return True
    return False
