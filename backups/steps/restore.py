"""The steps of a restore (B10): stage and prove the copy while SMS still runs, then stop, keep, swap, start, compare.

Each line is a state in which a worker may die: before the swap the old data is intact, after it the new data is
complete, and the old one is kept beside it until everything is validated.
"""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from backups import selectors
from backups.engines.sqlite import SqliteEngine, fsync, side_file
from backups.errors import BackupDamaged
from backups.models import Backup, Proof, Reason
from backups.services import fence, storing, swaps
from backups.vault.shelf import explained
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Found, Outcome, Probe, StepKind
from smsops.text import bytes_text, count_text

SETTLING = timedelta(seconds=20)  # a killed SMS may take a moment to let go of its files


def backup_of(ctx: Context) -> Backup:
    """The backup this run restores."""
    return Backup.objects.get(pk=ctx.params["backup"])


def database(ctx: Context) -> Path:
    return selectors.database_path(ctx.environment, ctx.runtime)


def private(ctx: Context, name: str) -> Path:
    """A file of this run in smsops's folder on the data volume."""
    return fence.private_folder(ctx.runtime.data_folder()) / f"{name}-r{ctx.run.pk}"


class Stage(StepKind):
    """Unpacks the backup beside the live database and proves it there; SMS runs on."""

    key = "restore.stage"
    title = "Unpack the backup beside the database and prove it"
    phase = Phase.PREPARE
    timeout = 3600
    undo_note = "The unpacked copy is removed."

    def do(self, ctx: Context) -> Outcome:
        backup, staged = backup_of(ctx), private(ctx, "restore")
        part = staged.with_name(staged.name + ".part")
        with explained(staged.parent):
            _room(staged.parent, backup.size)
            ctx.guard()
            vault = selectors.vault_of(ctx.environment)
            manifest, facts = storing.unpack(vault, SqliteEngine(), backup.identifier, part)
            if manifest.root != backup.root:
                raise BackupDamaged(f"The vault holds another backup under the name {backup.identifier}.")
            if facts.problem:
                raise OpsError(f"The backup {backup.identifier} does not pass quick_check: {facts.problem}.")
            if facts.row_counts != manifest.row_counts:
                raise OpsError(f"The backup {backup.identifier} does not have the rows its manifest says.")
            live = database(ctx)
            swaps.own_like(part, live if live.exists() else live.parent)
            part.chmod(part.stat().st_mode & 0o666 | 0o600)
            fsync(part)
            part.rename(staged)
        result = {"row_counts": facts.row_counts, "schema_revision": facts.schema_revision}
        return Done(result, f"{bytes_text(backup.size)} unpacked; digest, quick_check and row counts are right.")

    def undo(self, ctx: Context) -> Outcome:
        staged = private(ctx, "restore")
        for path in (staged, staged.with_name(staged.name + ".part")):
            path.unlink(missing_ok=True)
        return Done(output="The unpacked copy was removed.")


def _room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size * 1.2:
        raise OpsError(f"The data volume has {bytes_text(free)} left; the backup needs {bytes_text(size)}.")


class Settle(StepKind):
    """With SMS stopped, writes its log back into the one database file."""

    key = "restore.settle"
    title = "Bring the stopped database into one file"
    touches_sms = True
    undo_note = "What was moved aside is put back."

    def do(self, ctx: Context) -> Outcome:
        if "settle_began" not in ctx.memo:
            ctx.remember(settle_began=timezone.now().timestamp())
        aside = private(ctx, "side-files")
        try:
            how = swaps.settle(ctx.runtime.data_folder(), database(ctx), aside, ctx.held.token)
        except OpsError as error:
            waited = timedelta(seconds=timezone.now().timestamp() - ctx.memo["settle_began"])
            if not error.transient or waited > SETTLING:
                raise
            return Again(0.2, str(error))
        return Done(output=how)

    def undo(self, ctx: Context) -> Outcome:
        data, aside = ctx.runtime.data_folder(), private(ctx, "side-files")
        swaps.unsettle(data, database(ctx), aside, ctx.held.token)
        return Done(output="The database's files are as they were.")


class KeepOld(StepKind):
    """Keeps the old database under a second name until the restore has proven itself."""

    key = "restore.keep_old"
    title = "Keep the present database as a safety copy"
    undo_note = "The second name is removed."

    def do(self, ctx: Context) -> Outcome:
        kept = private(ctx, "before")
        swaps.keep(ctx.runtime.data_folder(), database(ctx), kept, ctx.held.token)
        if not kept.exists():
            return Done({"kept": False}, "There was no database to keep.")
        # The old database's state is from now; its digest tells later that it came back exactly.
        return Done({"kept": True, "taken_at": timezone.now().isoformat()}, "The old database is kept.")

    def undo(self, ctx: Context) -> Outcome:
        private(ctx, "before").unlink(missing_ok=True)
        return Done(output="Nothing is left behind.")


class Swap(StepKind):
    """One rename: the commit point."""

    key = "restore.swap"
    title = "Put the backup in the database's place"
    touches_sms = True
    undo_note = "The old database takes its place again, in one rename."

    def probe(self, ctx: Context) -> Probe:
        if private(ctx, "restore").exists():
            return Probe(Found.NOT_DONE)
        return Probe(Found.DONE, {}, "It had taken the place.")

    def do(self, ctx: Context) -> Outcome:
        staged = private(ctx, "restore")
        if not staged.exists():
            raise OpsError("The unpacked copy is gone from the data volume.")
        swaps.install(ctx.runtime.data_folder(), database(ctx), staged, ctx.held.token)
        return Done(output="The database is the backup now.")

    def undo(self, ctx: Context) -> Outcome:
        kept = private(ctx, "before")
        if private(ctx, "restore").exists() or not kept.exists():
            return Done(output="The old database is in its place.")
        swaps.install(ctx.runtime.data_folder(), database(ctx), kept, ctx.held.token)
        return Done(output="The old database is in its place again.")

    def by_hand(self, ctx: Context) -> list[str]:
        live = database(ctx)
        return [
            f"rm -f {side_file(live, '-wal')} {side_file(live, '-shm')}",
            f"mv {private(ctx, 'before')} {live}",
        ]


class CompareRows(StepKind):
    """The restored database, with SMS running on it, has at least the rows of the backup (runbook §4.2B, §4.3)."""

    key = "restore.compare"
    title = "Compare the rows with the backup"
    phase = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        wanted: dict[str, int] = ctx.fact("restore.stage", "row_counts", {})
        found = SqliteEngine().row_counts(database(ctx))
        missing = [
            f"{table}: {found.get(table, 0):,} of {wanted[table]:,}"
            for table in ctx.environment.core_tables
            if found.get(table, 0) < wanted.get(table, 0)
        ]
        if missing:
            raise OpsError(f"Rows of the backup are missing after the restore: {', '.join(missing)}.")
        backup = backup_of(ctx)
        Backup.objects.filter(pk=backup.pk).update(proof=Proof.STARTED, proven_at=timezone.now())
        rows = count_text(wanted.get("students", sum(wanted.values())), "student")
        headline = f"Restored {backup.identifier}: {rows}, data of {backup.taken_at:%Y-%m-%d %H:%M:%S} UTC."
        return Done({"row_counts": found, "headline": headline}, "Every row of the backup is there.")


class ArchiveOld(StepKind):
    """Stores the database of before as a backup of its own, so that the restore itself can be taken back later."""

    key = "restore.archive"
    title = "Store the old database as a backup"
    phase = Phase.VALIDATE
    timeout = 3600
    point_of_no_return = True
    essential = False
    undo_note = "None: from here on, going back is a restore of that backup."

    def do(self, ctx: Context) -> Outcome:
        kept = private(ctx, "before")
        if not kept.exists():
            return Done(output="There was no old database.", skipped=True)
        vault = selectors.vault_of(ctx.environment)
        origin = storing.Origin(
            environment=ctx.environment.name,
            database=ctx.environment.database_file,
            taken_at=datetime.fromisoformat(ctx.fact("restore.keep_old", "taken_at")),
            reason=Reason.RESTORE,
            release_version=ctx.params.get("old_version", ""),
            image_id=ctx.params.get("old_image_id", ""),
            run=ctx.run.pk,
        )
        manifest = storing.store(vault, SqliteEngine(), kept, origin, take=False)
        storing.catalogue(ctx.environment, ctx.run, manifest, pinned=True)
        kept.unlink()
        shutil.rmtree(private(ctx, "side-files"), ignore_errors=True)
        return Done({"identifier": manifest.identifier}, f"Kept as {manifest.identifier}.")
