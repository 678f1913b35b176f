"""What going back to a backup would bring back and what it would lose, table by table, as far as that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from backups.models import Backup
from backups.services import databases
from backups.services.losses import NO_DATA
from smsops.errors import OpsError
from smsops.models import Environment, Run, RunState
from smsops.runtimes.registry import runtime_for

FRESH = timedelta(hours=1)  # what a comparison found is shown for so long
LARGEST = 2_000_000_000  # bytes of a database whose rows are counted while a page waits


@dataclass(frozen=True)
class Table:
    """How many rows one has then and now; of those, how many come back, get old values, and are lost. Where the rows
    were only counted, the last three are what the counts alone show."""

    name: str
    then: int
    now: int
    back: int = 0
    changed: int = 0
    lost: int = 0


@dataclass(frozen=True)
class Outlook:
    """Only tables that differ. `compared_at` is when the rows themselves were compared; None: they were only counted.
    `problem` says why nothing is known."""

    tables: Sequence[Table] = ()
    compared_at: datetime | None = None
    problem: str = ""


def of(backup: Backup) -> Outlook:
    """By the last comparison, where nothing was changed by a run since; otherwise by the number of rows now."""
    run = _comparison(backup)
    if run is not None:
        return Outlook(_compared(run.facts["rows.compare"]["tables"]), run.finished_at)
    try:
        live = _counted(backup.environment)
    except OpsError as error:
        return Outlook(problem=f"The live database cannot be read: {error.message}")
    if live is None:
        return Outlook(problem="The live database is too large to count its rows for this page.")
    return Outlook(_by_counts(backup.row_counts, live))


def _comparison(backup: Backup) -> Run | None:
    since = timezone.now() - FRESH
    runs = Run.objects.filter(environment=backup.environment)
    found = runs.filter(
        kind="comparison", state=RunState.SUCCEEDED, params__backup=backup.pk, finished_at__gte=since
    ).first()
    if found is None or "rows.compare" not in found.facts:
        return None
    changed = runs.filter(exclusive=True, created_at__gt=found.created_at).exclude(kind="backup")
    return None if changed.exists() else found


def _compared(tables: Sequence[Mapping[str, Any]]) -> list[Table]:
    found = [
        Table(each["table"], each["before"], each["after"], each["removed"] + each["hidden"], each["changed"],
              each["added"])
        for each in tables if each["table"] not in NO_DATA
    ]  # fmt: skip
    return [each for each in found if each.back or each.changed or each.lost]


def _counted(environment: Environment) -> Mapping[str, int] | None:
    database = databases.of(environment, runtime_for(environment))
    return database.row_counts() if database.size() <= LARGEST else None


def _by_counts(then: Mapping[str, int], now: Mapping[str, int]) -> list[Table]:
    return [
        Table(name, then.get(name, 0), now.get(name, 0), max(0, then.get(name, 0) - now.get(name, 0)), 0,
              max(0, now.get(name, 0) - then.get(name, 0)))
        for name in sorted({*then, *now} - NO_DATA) if then.get(name, 0) != now.get(name, 0)
    ]  # fmt: skip
