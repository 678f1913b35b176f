"""Restores to a moment: which ones can be had, and from which backup they are reached (B9)."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.utils import timezone

from backups import selectors
from backups.engines.sqlite import SqliteEngine
from backups.models import Backup
from backups.services import databases, log_rescues, restores
from backups.vault.manifest import Manifest
from backups.wal import coverage
from backups.wal.coverage import Span
from backups.wal.frames import Position
from backups.wal.replay import planned, replay
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Run, RunState
from smsops.runs.plan import By, Plan, submit

TRIED = 40  # backups looked at for one the log goes on from
CHANGES = ("deploy", "rollback", "restore")


def spans(environment: Environment) -> list[Span]:
    """The stretches of time every commit of which is known, oldest first."""
    return coverage.coverage(selectors.log_of(environment))


def base_for(environment: Environment, until: datetime) -> Backup:
    """The newest good backup from which the log leads to `until`, fetched from elsewhere where it is not all here.
    WrongUse, saying what can be had, without one."""
    backup, known, said = _base_here(environment, until)
    if backup is not None and (known >= until or _watched(environment, until)):
        return backup
    backup = log_rescues.base_for(environment, until) or backup
    if backup is None:
        raise WrongUse(f"{until:%Y-%m-%d %H:%M:%S} UTC cannot be reached. {said or _reachable(environment)}".strip())
    return backup


def _base_here(environment: Environment, until: datetime) -> tuple[Backup | None, datetime, str]:
    """The same, with what is here; up to when every commit is known then; and what stood in the way."""
    log, said = selectors.log_of(environment), ""
    vault = selectors.vault_of(environment)
    good = Backup.objects.filter(environment=environment, damage="", here=True, taken_at__lte=until)
    for backup in good[:TRIED]:
        with contextlib.suppress(OpsError):
            position = position_of(vault.manifest(backup.identifier))
            if position is None:
                continue
            try:
                plan = planned(log, position, until)
            except OpsError as error:
                said = said or error.message
                continue
            return backup, datetime.fromtimestamp(plan.known / 1000, UTC), said
    return None, until, said


def position_of(manifest: Manifest) -> Position | None:
    """Where in the log a backup stands, where it says so."""
    return Position.parse(manifest.position) if manifest.position else None


def _reachable(environment: Environment) -> str:
    found = spans(environment)
    if not found:
        return "The log of this environment is not followed, or nothing is in it yet."
    return f"The log knows {found[0].start:%Y-%m-%d %H:%M:%S} to {found[-1].end:%Y-%m-%d %H:%M:%S} UTC."


def plan(environment: Environment, until: datetime) -> Plan:
    """What restoring to `until` would do. Raises WrongUse when that moment cannot be reached."""
    databases.only_sqlite(environment, "A restore to a moment", "Restore a backup.")
    if until > timezone.now():
        raise WrongUse("That moment has not come yet.")
    backup = base_for(environment, until)
    plan = restores.plan(backup, image_id=_release_at(backup, until))
    stop = f"{until:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    lost = timezone.now() - until
    notes = (
        f"The data goes back to the last commit at or before {stop} UTC; what was written since, "
        f"{round(lost.total_seconds()):,} s of work, is lost from SMS.",
        f"It is built from the backup {backup.identifier} and the commits after it.",
        *plan.notes[1:],
    )
    title = f"Restore {environment.name} to {until:%Y-%m-%d %H:%M:%S} UTC"
    return replace(plan, title=title, notes=notes, params={**plan.params, "until": until.isoformat()})


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


def bring_forward(environment: Environment, manifest: Manifest, image: Path, until: datetime) -> tuple[Manifest, str]:
    """Bring the unpacked backup at `image` to `until`; returns its manifest with the rows it has then, and a sentence.

    Raises OpsError when the log does not lead there.
    """
    position = position_of(manifest)
    if position is None:
        raise OpsError(f"The backup {manifest.identifier} does not know where in the log it stands.")
    log_rescues.lead(environment, position, manifest.taken, until)
    done = replay(image, position, selectors.log_of(environment), until)
    counts = SqliteEngine().row_counts(image, quiet=True)
    said = f"{done.commits:,} commits after {manifest.identifier} were played; the last one is of {_text(done.time)}."
    if done.known < until and not _watched(environment, until):
        said += f" The log knows every commit only up to {_text(done.known)}."
    return replace(manifest, row_counts=counts), said


def _watched(environment: Environment, until: datetime) -> bool:
    """Whether a follower was looking at that moment, so that nothing in the log means nothing happened."""
    row = getattr(environment, "log_following", None)
    return bool(row and row.looked_at and row.looked_at >= until and (row.gap_at is None or row.gap_at < until))


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"


def in_utc(text: str) -> datetime:
    """A moment a person wrote: ISO, with the installation's own time zone where none is given. WrongUse when it is
    none."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise WrongUse(f"“{text}” is no moment; write it like 2026-03-01 14:05:09.") from None
    return moment if moment.tzinfo else timezone.make_aware(moment)
