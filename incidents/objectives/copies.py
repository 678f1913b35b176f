"""When backups were taken: by their runs, and by what was written down when those were let go of. Both stay when
retention has long removed the backups themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db.models import Max, Q
from django.utils import timezone

from backups import selectors
from backups.models import BackupDay
from smsops.models import Run, RunState


def moments(environment_id: int, since: datetime) -> list[datetime]:
    """Of one environment, in order: the last before `since`, and all after it."""
    return of_all([environment_id], since).get(environment_id, [])


def of_all(environments: Sequence[int], since: datetime) -> dict[int, list[datetime]]:
    """The same for several, in five questions. One from the future, taken before a clock was set back, counts for
    nothing: nobody can say how old it is."""
    now = timezone.now() + selectors.CLOCKS_DIFFER
    runs = Run.objects.filter(environment__in=environments, kind="backup", state=RunState.SUCCEEDED)
    good = selectors.good(then=True).filter(selectors.datable(), environment__in=environments)
    found: dict[int, set[datetime]] = defaultdict(set)
    within = runs.filter(started_at__gte=since, started_at__lte=now).order_by()
    for place, at in within.values_list("environment_id", "started_at").iterator():
        if at is not None:
            found[place].add(at)
    for place, at in good.filter(taken_at__gte=since).order_by().values_list("environment_id", "taken_at").iterator():
        found[place].add(at)
    before = dict(_last_before(environments, since))
    for row in BackupDay.objects.filter(_days(environments, since)):
        for at in row.moments:
            if at < since:
                before[row.environment_id] = max(before.get(row.environment_id, at), at)
            elif at <= now:
                found[row.environment_id].add(at)
    for place, at in before.items():
        found[place].add(at)
    return {place: sorted(moments) for place, moments in found.items()}


def _days(environments: Sequence[int], since: datetime) -> Q:
    """The days from then on, and of each environment the last one before, however long ago it was."""
    first = since.astimezone(UTC).date()
    wanted = Q(environment__in=environments, day__gte=first)
    earlier = BackupDay.objects.filter(environment__in=environments, day__lt=first).order_by()
    for place, day in earlier.values_list("environment_id").annotate(last=Max("day")):
        wanted |= Q(environment=place, day=day)
    return wanted


def _last_before(environments: Sequence[int], since: datetime) -> list[tuple[int, datetime]]:
    runs = Run.objects.filter(environment__in=environments, kind="backup", state=RunState.SUCCEEDED)
    grouped = runs.filter(started_at__lt=since).order_by().values_list("environment_id")
    return [(place, at) for place, at in grouped.annotate(last=Max("started_at")) if at is not None]
