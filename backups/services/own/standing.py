"""Looks after the backups of smsops' own rows, and keeps how they stand: pages are not always where the vault is."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from backups.models import OwnBackups
from backups.services.own import copies
from smsops import zones
from smsops.errors import OpsError
from smsops.redact import redact
from smsops.troubles import Trouble

log = logging.getLogger(__name__)
PATIENCE = timedelta(hours=1)  # that may pass without one being taken or copied although it is tried again and again


def attend() -> None:
    """Take the daily one when it is time, copy what is not elsewhere yet, and write down what came of it."""
    problem, uncopied = "", list[str]()
    try:
        if copies.due():
            copies.take(copies.DAILY)
    except (OpsError, OSError) as error:
        problem = str(error)
        log.warning("smsops' own rows are not backed up: %s", problem)
    try:
        uncopied = copies.copy_elsewhere()
    except (OpsError, OSError) as error:
        uncopied = [str(error)]
    for each in uncopied:
        log.warning("the backups of smsops' own rows are not copied: %s", each)
    note(problem, uncopied)


def note(problem: str, uncopied: Sequence[str]) -> None:
    """Keep what came of the last attempt; both empty where all is well."""
    row, _ = OwnBackups.objects.get_or_create(pk=OwnBackups.ONE)
    now = timezone.now()
    with contextlib.suppress(OpsError, OSError):  # a vault that cannot be read says nothing of how old they are
        row.taken_at = copies.newest()
    row.looked_at = now
    row.problem, row.failing_since = redact(problem), _since(row.failing_since, problem, now)
    row.uncopied, row.uncopied_since = redact("; ".join(uncopied)), _since(row.uncopied_since, uncopied, now)
    row.save()


def _since(before: datetime | None, bad: object, now: datetime) -> datetime | None:
    return min(before or now, now) if bad else None


def trouble() -> str:
    """That they are late, fail or are nowhere else, in a sentence; empty where all is well. Before a worker has looked
    for the first time the vault here is asked."""
    row = OwnBackups.objects.filter(pk=OwnBackups.ONE).first()
    if row is None:
        with contextlib.suppress(OpsError, OSError):
            return copies.problem()
        return ""
    if _too_long(row.failing_since):
        return f"smsops' own rows cannot be backed up since {_text(row.failing_since)}: {row.problem}"
    if late := copies.late(row.taken_at):
        return late
    if _too_long(row.uncopied_since):
        return f"The backups of smsops' own rows are not copied since {_text(row.uncopied_since)}: {row.uncopied}"
    return ""


def _too_long(since: datetime | None) -> bool:
    return since is not None and timezone.now() - since >= PATIENCE


def _text(at: datetime | None) -> str:
    return zones.kept(at) if at is not None else ""


TROUBLE = Trouble(
    "own-backup", "Backups of smsops' own rows", "backups.view_backup", trouble, "backups_backup_changelist"
)
