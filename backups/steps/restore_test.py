"""The steps of a restore test: the backup in a scratch folder, SMS really started on it, the checklist run (B12)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

from django.utils import timezone

from backups import selectors
from backups.engines.sqlite import SqliteEngine
from backups.models import Backup, Proof
from backups.services import swaps, test_log, unpacking
from backups.steps.databases import room_for_bytes
from backups.steps.restore import backup_of
from backups.vault.manifest import Manifest
from backups.vault.shelf import explained
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.runs.scratch import ScratchStep
from smsops.switch import sandbox
from smsops.text import bytes_text, count_text, seconds_text


def database_of(ctx: Context) -> Path:
    """The copy's database."""
    return sandbox.data_of(ctx) / ctx.environment.database_file


class UnpackForTest(ScratchStep):
    """Unpacks the backup where nobody else looks, and proves it there."""

    key = "test.unpack"
    title = "Unpack the backup into a scratch folder and prove it"
    phase: ClassVar[str] = Phase.PREPARE
    timeout = 3600

    def do(self, ctx: Context) -> Outcome:
        backup, database = backup_of(ctx), database_of(ctx)
        with explained(ctx.work_dir):
            shutil.rmtree(sandbox.data_of(ctx), ignore_errors=True)
            database.parent.mkdir(parents=True)
            room_for_bytes(backup.size, ctx.work_dir)
            manifest = self.build(ctx, backup, database)
            _belongs_to_sms(ctx, database)
        facts = SqliteEngine().facts(database)
        if facts.problem or facts.row_counts != manifest.row_counts:
            raise OpsError(f"The backup {backup.identifier} is not right: {facts.problem or 'other rows came out'}.")
        return Done(
            {"row_counts": facts.row_counts}, f"{bytes_text(backup.size)}; digests, quick_check, rows are right."
        )

    def build(self, ctx: Context, backup: Backup, database: Path) -> Manifest:
        """Put the backup's file where the sandbox looks for it."""
        return unpacking.unpack(backup, database, ctx.guard)


def _belongs_to_sms(ctx: Context, database: Path) -> None:
    """Give the copy to whoever owns SMS's data: the release in the sandbox writes it."""
    data = ctx.runtime.data_folder()
    swaps.own_like(sandbox.data_of(ctx), data)
    live = selectors.database_path(ctx.environment, ctx.runtime)
    swaps.own_like(database, live if live.exists() else data)
    database.chmod(database.stat().st_mode & 0o666 | 0o600)


class Conclude(StepKind):
    """Compares the rows with SMS running on them, notes the proof and writes the line into the log."""

    key = "test.conclude"
    title = "Compare the rows and write the test down"
    phase = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        backup, wanted = backup_of(ctx), ctx.fact("test.unpack", "row_counts", {})
        found = SqliteEngine().row_counts(database_of(ctx))
        missing = [table for table in ctx.environment.core_tables if found.get(table, 0) < wanted.get(table, 0)]
        if missing:
            raise OpsError(f"SMS lost rows of the backup when it started: {', '.join(missing)}.")
        Backup.objects.filter(pk=backup.pk).update(proof=Proof.STARTED, proven_at=timezone.now())
        took = ctx.run.seconds or 0.0
        rows = count_text(wanted.get("students", sum(wanted.values())), "student")
        version = ctx.fact(sandbox.START, "version", "")
        said = f"SMS {version} ran on backup {backup.identifier}: {rows}, the checklist passed, in {seconds_text(took)}"
        test_log.passed(ctx.environment, ctx.run.pk, said)
        headline = f"{said} (RTO {ctx.environment.rto_minutes} min)."
        return Done({"headline": headline, "seconds": round(took, 2)}, headline)
