"""Restores to a moment: which ones can be had, and from which backup they are reached (B9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.utils import timezone

from backups.models import Backup
from backups.services import logs, restores
from backups.services.databases.base import Work
from backups.services.logs.base import Rebuilt
from backups.wal.coverage import Span
from smsops.errors import WrongUse
from smsops.models import Environment, Run, RunState
from smsops.runs.plan import By, Plan, submit

CHANGES = ("deploy", "rollback", "restore")


def spans(environment: Environment) -> list[Span]:
    """The stretches of time every commit of which is known, oldest first."""
    return logs.of(environment).spans()


def base_for(environment: Environment, until: datetime) -> Backup:
    """The backup a restore to `until` begins with, or, where the log is the server's, the one that tells which release
    fits. WrongUse, saying what can be had, without one."""
    return logs.of(environment).source(until).backup


def plan(environment: Environment, until: datetime) -> Plan:
    """What restoring to `until` would do. Raises WrongUse when that moment cannot be reached."""
    if until > timezone.now():
        raise WrongUse("That moment has not come yet.")
    source = logs.of(environment).source(until)
    backup = source.backup
    plan = restores.plan(backup, image_id=_release_at(backup, until))
    stop = f"{until:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    lost = timezone.now() - until
    notes = (
        f"The data goes back to the last commit at or before {stop} UTC; what was written since, "
        f"{round(lost.total_seconds()):,} s of work, is lost from SMS.",
        source.said,
        *plan.notes[1:],
    )
    title = f"Restore {environment.name} to {until:%Y-%m-%d %H:%M:%S} UTC"
    asked = {"until": until.isoformat()}
    return replace(plan, title=title, notes=notes, params={**plan.params, **asked}, asked=asked)


def start(environment: Environment, until: datetime, by: By) -> Run:
    """Queue the restore."""
    return submit(plan(environment, until), by)


def before(run: Run) -> datetime:
    """The moment just before a run began."""
    return (run.started_at or run.created_at) - timedelta(milliseconds=1)


def _release_at(backup: Backup, until: datetime) -> str:
    """The image that ran at `until`, where it was changed after the backup was taken; empty where it was not."""
    runs = Run.objects.filter(environment=backup.environment, kind__in=CHANGES, state=RunState.SUCCEEDED)
    changed = runs.filter(finished_at__gt=backup.taken_at, finished_at__lte=until).order_by("-finished_at").first()
    return str(changed.params.get("image_id", "")) if changed else ""


def rebuild(backup: Backup, until: datetime, target: Path, work: Work) -> Rebuilt:
    """Write the database as it was at `until` to `target`, as copies are stored. OpsError when the log does not lead
    there."""
    return logs.of(backup.environment).rebuild(backup, until, target, work)


def forget(environment: Environment, work: Work) -> None:
    """Remove what a `rebuild` that was killed left."""
    logs.of(environment).forget(work)


def in_utc(text: str) -> datetime:
    """A moment a person wrote, in UTC: ISO, in the zone that is theirs (without one, the installation's) where none is
    given. WrongUse when it is none."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        return (moment if moment.tzinfo else timezone.make_aware(moment)).astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of the calendar are beyond it elsewhere
        raise WrongUse(f"“{text}” is no moment; write it like 2026-03-01 14:05:09.") from None
