"""Lets go of the runs of every day that went well, some time after them.

A backup every 15 minutes is 35,000 runs a year, each with its steps and its journal: nothing else grows like that. What
stays for ever: runs that failed, that a person asked for, that changed SMS, and those an incident, a task or evidence
refers to. When a backup began is written down first; the figures of the RPO need no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from backups.models import Backup, BackupDay
from smsops.models import GOOD, Environment, Lease, Run, Trigger

COPIES = ("backup", "replication", "base_backup")
TESTS = ("restore_test",)
MOST = 5_000  # runs that one tidying lets go of; an old installation takes some days to get there
BATCH = 500


def days_of(kind: str) -> int:
    """How many days a good routine run of that kind stays."""
    return int(settings.SMSOPS_TEST_DAYS if kind in TESTS else settings.SMSOPS_ROUTINE_DAYS)


def past(environment: Environment, kind: str) -> QuerySet[Run]:
    """The runs of that kind whose time is over, oldest first. The newest of each kind stays whatever its
    age, and so does the newest good one."""
    runs = Run.objects.filter(environment=environment, kind=kind)
    before = timezone.now() - timedelta(days=days_of(kind))
    found = runs.filter(created_at__lt=before, state__in=GOOD, end_announced=True)
    found = found.filter(trigger__in=(Trigger.SCHEDULE, Trigger.SYSTEM), actor=None, cancel_requested=False)
    for relation in _references():
        name = relation.field.name
        found = found.exclude(Exists(relation.related_model._base_manager.filter(**{name: OuterRef("pk")})))
    for kept in (runs, runs.filter(state__in=GOOD)):
        found = found.exclude(pk__in=kept.order_by("-created_at", "-pk").values("pk")[:1])
    return found.order_by("created_at", "pk")


def _references() -> Sequence[models.ForeignObjectRel]:
    """What refers to runs and would lose something with them; a backup's own row tells all that its run did."""
    every = Run._meta.get_fields(include_hidden=True)
    found = [each for each in every if isinstance(each, models.ForeignObjectRel)]
    return [each for each in found if each.on_delete is models.SET_NULL and each.related_model is not Backup]


def tidy(environment: Environment, guard: Callable[[], None] = lambda: None) -> int:
    """Let go of what is past its time; returns how many runs that were. `guard` is called before each part and may
    raise; the next one goes on."""
    gone = 0
    for kind in (*COPIES, *TESTS):
        while gone < MOST:
            guard()
            some = list(past(environment, kind).values_list("pk", "started_at")[:BATCH])
            if not some:
                break
            _let_go(environment, kind, some)
            gone += len(some)
    return gone


@transaction.atomic
def _let_go(environment: Environment, kind: str, runs: Sequence[tuple[int, datetime | None]]) -> None:
    if kind == "backup":
        note(environment, [at for _, at in runs if at is not None])
    numbers = [number for number, _ in runs]
    Run.objects.filter(pk__in=numbers).delete()
    Lease.objects.filter(scope__in=[f"run:{number}" for number in numbers]).delete()


def note(environment: Environment, moments: Sequence[datetime]) -> None:
    """Write down when backups began; what was written down already stays."""
    by_day: dict[date, set[int]] = defaultdict(set)
    for at in (moment.astimezone(UTC) for moment in moments):
        by_day[at.date()].add(at.hour * 3600 + at.minute * 60 + at.second)
    known = {row.day: row for row in BackupDay.objects.filter(environment=environment, day__in=by_day)}
    for day, seconds in by_day.items():
        row = known.get(day) or BackupDay(environment=environment, day=day)
        row.seconds = sorted(seconds.union(row.seconds))
        row.save()
