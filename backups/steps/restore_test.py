"""The steps of a restore test: the backup in a scratch folder, SMS really started on it, the checklist run (B12)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from django.utils import timezone

from backups.models import Backup, Proof
from backups.services import databases, test_log, unpacking
from backups.services.databases.base import Database, Trial
from backups.steps.databases import database_of, room_to_unpack, work_of
from backups.steps.restore import backup_of, same_engine
from backups.vault.manifest import Manifest
from backups.vault.shelf import explained
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.runs.scratch import ScratchStep
from smsops.switch import sandbox
from smsops.text import bytes_text, count_text, seconds_text


def trial_of(ctx: Context) -> Trial:
    """The copy the sandbox works on."""
    return databases.trial(ctx.environment, ctx.runtime, ctx.work_dir)


def copy_of(ctx: Context) -> Database:
    """The same, as a database."""
    return databases.of(ctx.environment, sandbox.runtime_of(ctx))


class UnpackForTest(ScratchStep):
    """Unpacks the backup where nobody else looks, and proves it there."""

    key = "test.unpack"
    title = "Unpack the backup into a scratch folder and prove it"
    phase: ClassVar[str] = Phase.PREPARE
    timeout = 3600

    def do(self, ctx: Context) -> Outcome:
        backup, trial, database = backup_of(ctx), trial_of(ctx), database_of(ctx)

        def read(target: Path, _: object) -> Manifest:
            manifest = self.build(ctx, backup, target)
            same_engine(manifest, database)
            return manifest

        with explained(ctx.work_dir):
            room_to_unpack(ctx, backup.size)
            facts = trial.fill(work_of(ctx), read, backup.size)
            sandbox.tell(ctx, trial.told())
        said = f"{bytes_text(backup.size)}; digests, {database.check} and rows are right."
        return Done({"row_counts": facts.row_counts}, said)

    def build(self, ctx: Context, backup: Backup, target: Path) -> Manifest:
        """Put the backup's copy at `target`."""
        return unpacking.unpack(backup, target, ctx.guard)

    def undo(self, ctx: Context) -> Outcome:
        trial_of(ctx).end()
        return super().undo(ctx)


class EndTrial(StepKind):
    """Ends the server of the copy, where it has one."""

    key = "test.end"
    title = "End the copy's server"
    essential = False
    undo_note = "None: nothing of it is worth keeping."

    def do(self, ctx: Context) -> Outcome:
        trial_of(ctx).end()
        return Done(output="It is gone.")


class Conclude(StepKind):
    """Compares the rows with SMS running on them, notes the proof and writes the line into the log."""

    key = "test.conclude"
    title = "Compare the rows and write the test down"
    phase = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        backup, wanted = backup_of(ctx), ctx.fact("test.unpack", "row_counts", {})
        found = copy_of(ctx).row_counts()
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
