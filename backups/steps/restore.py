"""The steps of a restore (B10): stage and prove the copy while SMS still runs, then stop, keep, swap, start, compare.

Each line is a state in which a worker may die: before the swap the old data is intact, after it the new data is
complete, and the old one is kept beside it until everything is validated.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from backups.errors import BackupDamaged
from backups.models import Backup
from backups.services import moments, unpacking
from backups.services.databases.base import Database
from backups.steps.databases import database_of, work_of
from backups.vault.manifest import Manifest
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Found, Outcome, Probe, StepKind
from smsops.text import bytes_text

SETTLING = timedelta(seconds=20)  # a killed SMS may take a moment to let go of its files


def backup_of(ctx: Context) -> Backup:
    """The backup this run restores."""
    return Backup.objects.get(pk=ctx.params["backup"])


def same_engine(manifest: Manifest, database: Database) -> None:
    """Raise OpsError where the backup is of another engine than the environment has now."""
    if manifest.engine != database.engine:
        said = f"The backup {manifest.identifier} is of {manifest.engine}; the environment has {database.engine} now."
        raise OpsError(said, fix="Change the environment's database engine back first.")


class Stage(StepKind):
    """Unpacks the backup beside the live database and proves it there; SMS runs on."""

    key = "restore.stage"
    title = "Unpack the backup beside the database and prove it"
    phase = Phase.PREPARE
    timeout = 3600
    undo_note = "The unpacked copy is removed."

    def do(self, ctx: Context) -> Outcome:
        backup, database = backup_of(ctx), database_of(ctx)
        result: dict[str, Any] = {"played": [], "of_backup": True}

        def read(target: Path, beside: Callable[[], object]) -> Manifest:
            manifest = unpacking.unpack(backup, target, ctx.guard, beside=beside)
            if manifest.root != backup.root:
                raise BackupDamaged(f"The vault holds another backup under the name {backup.identifier}.")
            same_engine(manifest, database)
            return manifest

        def rebuild(target: Path, beside: Callable[[], object]) -> Manifest:
            until = datetime.fromisoformat(ctx.params["until"])
            rebuilt = moments.rebuild(backup, until, target, work_of(ctx))
            same_engine(rebuilt.manifest, database)
            result.update(played=[rebuilt.said], of_backup=rebuilt.of_backup)
            beside()
            return rebuilt.manifest

        facts = database.stage(work_of(ctx), rebuild if ctx.params.get("until") else read, backup.size)
        result |= facts.result
        said = f"{bytes_text(facts.size)} unpacked; digest, {database.check} and row counts are right."
        return Done(result, " ".join([said, *result["played"]]))

    def undo(self, ctx: Context) -> Outcome:
        moments.forget(ctx.environment, work_of(ctx))
        database_of(ctx).unstage(work_of(ctx))
        return Done(output="The unpacked copy was removed.")


class Settle(StepKind):
    """With SMS stopped, writes its log back into the one database file."""

    key = "restore.settle"
    title = "Bring the stopped database into one file"
    touches_sms = True
    undo_note = "What was moved aside is put back."

    def do(self, ctx: Context) -> Outcome:
        if "settle_began" not in ctx.memo:
            ctx.remember(settle_began=timezone.now().timestamp())
        try:
            how = database_of(ctx).settle(work_of(ctx))
        except OpsError as error:
            waited = timedelta(seconds=timezone.now().timestamp() - ctx.memo["settle_began"])
            if not error.transient or waited > SETTLING:
                raise
            return Again(0.2, str(error))
        return Done(output=how)

    def undo(self, ctx: Context) -> Outcome:
        database_of(ctx).unsettle(work_of(ctx))
        return Done(output="The database's files are as they were.")


class KeepOld(StepKind):
    """Keeps the old database under a second name until the restore has proven itself."""

    key = "restore.keep_old"
    title = "Keep the present database as a safety copy"
    undo_note = "The second name is removed."

    def do(self, ctx: Context) -> Outcome:
        if not database_of(ctx).keep(work_of(ctx)):
            return Done({"kept": False}, "There was no database to keep.")
        # The old database's state is from now; its digest tells later that it came back exactly.
        return Done({"kept": True, "taken_at": timezone.now().isoformat()}, "The old database is kept.")

    def undo(self, ctx: Context) -> Outcome:
        database_of(ctx).unkeep(work_of(ctx))
        return Done(output="Nothing is left behind.")


class Swap(StepKind):
    """One rename: the commit point."""

    key = "restore.swap"
    title = "Put the backup in the database's place"
    touches_sms = True
    undo_note = "The old database takes its place again, in one rename."

    def probe(self, ctx: Context) -> Probe:
        if database_of(ctx).staged(work_of(ctx)):
            return Probe(Found.NOT_DONE)
        return Probe(Found.DONE, {}, "It had taken the place.")

    def do(self, ctx: Context) -> Outcome:
        database_of(ctx).swap(work_of(ctx))
        return Done(output="The database is the backup now.")

    def undo(self, ctx: Context) -> Outcome:
        again = " again" if database_of(ctx).swap_back(work_of(ctx)) else ""
        return Done(output=f"The old database is in its place{again}.")

    def by_hand(self, ctx: Context) -> list[str]:
        return database_of(ctx).by_hand(work_of(ctx))
