"""The steps after a restore: the rows are compared, the old database becomes a backup of its own (B10)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from backups import selectors
from backups.models import Backup, Proof, Reason
from backups.services import storing
from backups.steps.databases import database_of, work_of
from backups.steps.restore import backup_of
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.text import count_text


class CompareRows(StepKind):
    """The restored database, with SMS running on it, has at least the rows of the backup (runbook §4.2B, §4.3)."""

    key = "restore.compare"
    title = "Compare the rows with the backup"
    phase = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        wanted: dict[str, int] = ctx.fact("restore.stage", "row_counts", {})
        found = database_of(ctx).row_counts()
        missing = [
            f"{table}: {found.get(table, 0):,} of {wanted[table]:,}"
            for table in ctx.environment.core_tables
            if found.get(table, 0) < wanted.get(table, 0)
        ]
        if missing:
            raise OpsError(f"Rows of the backup are missing after the restore: {', '.join(missing)}.")
        backup = backup_of(ctx)
        if ctx.fact("restore.stage", "of_backup", True):
            Backup.objects.filter(pk=backup.pk).update(proof=Proof.STARTED, proven_at=timezone.now())
        rows = count_text(wanted.get("students", sum(wanted.values())), "student")
        moment = datetime.fromisoformat(ctx.params.get("until") or backup.taken_at.isoformat())
        played = " ".join(ctx.fact("restore.stage", "played", []))
        what = backup.identifier if ctx.fact("restore.stage", "of_backup", True) else "a moment"
        headline = f"Restored {what}: {rows}, data of {moment:%Y-%m-%d %H:%M:%S} UTC. {played}".strip()
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
        database, work = database_of(ctx), work_of(ctx)
        kept = database.old(work)
        if kept is None:
            return Done(output="There was no old database.", skipped=True)
        vault = selectors.vault_of(ctx.environment)
        origin = storing.Origin(
            environment=ctx.environment.name,
            engine=database.engine,
            database=database.name,
            taken_at=datetime.fromisoformat(ctx.fact("restore.keep_old", "taken_at")),
            reason=Reason.RESTORE,
            release_version=ctx.params.get("old_version", ""),
            image_id=ctx.params.get("old_image_id", ""),
            run=ctx.run.pk,
        )
        identifier = storing.identifier_for(origin.taken_at, origin.run)
        if identifier in vault.identifiers():  # by a worker that died, or lost its database, before it could say so
            manifest = vault.manifest(identifier)
        else:
            copy = database.lay_out(kept, vault.images.newest())
            manifest = storing.store(vault, database, copy, origin, take=False)
        storing.catalogue(ctx.environment, ctx.run, manifest, pinned=True)
        database.forget_old(work)
        return Done({"identifier": manifest.identifier}, f"Kept as {manifest.identifier}.")
