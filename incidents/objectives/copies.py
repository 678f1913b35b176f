"""When backups were taken: by their runs, and by what was written down when those were let go of. Both stay when
retention has long removed the backups themselves.

A year of one environment is 35,000 moments, and a page shows some environments: they are plain numbers, seconds since
1970, from the first row to the last figure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from backups import selectors
from backups.models import Backup, BackupDay
from incidents.objectives.epoch import Epoch
from smsops.models import Run, RunState

SAME = 10.0  # seconds: a backup's snapshot is taken so soon after its run began, which may be written down without it


def moments(environment_id: int, since: datetime) -> list[datetime]:
    """Of one environment, in order: the last before `since`, and all after it."""
    found = of_all([environment_id], since).get(environment_id, [])
    return [datetime.fromtimestamp(at, UTC) for at in found]


def of_all(environments: Sequence[int], since: datetime) -> dict[int, list[float]]:
    """The same for several, in five questions, in seconds since 1970. One from the future, taken before a clock was set
    back, counts for nothing: nobody can say how old it is."""
    runs = Run.objects.filter(environment__in=environments, kind="backup", state=RunState.SUCCEEDED)
    found: dict[int, list[float]] = defaultdict(list)
    for place, taken in _written_down(environments, since):
        found[place].extend(taken)
    for place, at in (*_last_before(runs, since), *_after(runs, "started_at", since)):
        found[place].append(at)
    for each in found.values():
        each.sort()
    for place, at in _after(_told_by_no_run(environments), "taken_at", since):
        _insert(found[place], at)
    return {place: _between(each, since) for place, each in found.items()}


def _insert(moments: list[float], at: float) -> None:
    """Unless it is the backup of a run that is there."""
    place = bisect_right(moments, at)
    if place == 0 or at - moments[place - 1] > SAME:
        moments.insert(place, at)


def _between(moments: list[float], since: datetime) -> list[float]:
    """The last before `since`, and all after it until now."""
    now = (timezone.now() + selectors.CLOCKS_DIFFER).timestamp()
    return moments[max(0, bisect_left(moments, since.timestamp()) - 1) : bisect_right(moments, now)]


def _told_by_no_run(environments: Sequence[int]) -> QuerySet[Backup]:
    """The good backups whose run is gone, or did more or less than to take them."""
    good = selectors.good(then=True).filter(environment__in=environments)
    return good.exclude(run__kind="backup", run__state=RunState.SUCCEEDED)


def _after(rows: QuerySet[Any], field: str, since: datetime) -> Iterator[tuple[int, float]]:
    found = rows.filter(**{f"{field}__gte": since}).order_by()
    return found.values_list("environment_id", Epoch(field)).iterator()


def _last_before(runs: QuerySet[Run], since: datetime) -> Iterator[tuple[int, float]]:
    grouped = runs.filter(started_at__lt=since).order_by().values_list("environment_id")
    return ((place, at.timestamp()) for place, at in grouped.annotate(last=Max("started_at")) if at is not None)


def _written_down(environments: Sequence[int], since: datetime) -> Iterator[tuple[int, Iterator[int]]]:
    """Of the days from then on, and of each environment's last one before, however long ago it was; in order."""
    first = since.astimezone(UTC).date()
    wanted = Q(environment__in=environments, day__gte=first)
    earlier = BackupDay.objects.filter(environment__in=environments, day__lt=first).order_by()
    for place, day in earlier.values_list("environment_id").annotate(last=Max("day")):
        wanted |= Q(environment=place, day=day)
    found = BackupDay.objects.filter(wanted).order_by("environment", "day")
    for place, day, seconds in found.values_list("environment_id", "day", "seconds"):
        yield place, BackupDay.since_1970(day, seconds)
