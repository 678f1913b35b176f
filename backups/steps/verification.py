"""The deep verification of a stored backup, on demand and on schedule (B6)."""

from __future__ import annotations

from django.utils import timezone

from backups import selectors
from backups.errors import BackupDamaged
from backups.models import Backup, Proof
from backups.services import integrity
from backups.steps.databases import database_of, work_of
from backups.steps.restore import backup_of, same_engine
from backups.vault.shelf import explained
from smsops.models import Phase
from smsops.runs import scratch
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome
from smsops.runs.scratch import ScratchStep
from smsops.text import count_text


class ProveBackup(ScratchStep):
    """Reads the backup back into a scratch file and runs every check SQLite has; damage is noted on the backup."""

    key = "verify.prove"
    title = "Read it back and check everything"
    phase = Phase.VALIDATE
    timeout = 3600

    def do(self, ctx: Context) -> Outcome:
        backup, copy, database = backup_of(ctx), ctx.work_dir / "verify", database_of(ctx)
        try:
            with explained(ctx.work_dir):
                manifest = selectors.vault_of(ctx.environment).read(backup.identifier, copy)
            same_engine(manifest, database)
            proven = database.prove(copy, work_of(ctx))
            found, problem, orphans = proven.row_counts, proven.problem, proven.orphans
            if found != manifest.row_counts:
                problem = problem or "its rows are not those of its manifest"
            if problem:
                raise BackupDamaged(f"The backup {backup.identifier} is damaged: {problem}.")
        except BackupDamaged as error:
            _note_damage(ctx, backup, error)
            raise
        scratch.clear(ctx)
        _raise_proof(backup, orphans, database.proof)
        rows = count_text(sum(found.values()), "row")
        headline = f"Backup {backup.identifier} is good: digests, {database.deep} and {rows} are right."
        more = integrity.more_orphans(selectors.orphans_before(backup), orphans)
        headline = f"{headline} {_said(orphans, more)}".strip()
        return Done({"headline": headline, "orphans": orphans, "more": more}, headline)

    def undo(self, ctx: Context) -> Outcome:
        database_of(ctx).end_proof(work_of(ctx))
        return super().undo(ctx)


def _note_damage(ctx: Context, backup: Backup, error: BackupDamaged) -> None:
    """Mark the backup, and those that need the same pack; the next one builds on none of them."""
    Backup.objects.filter(pk=backup.pk).update(damage=error.message)
    if not error.pack:
        return
    vault = selectors.vault_of(ctx.environment)
    others = Backup.objects.filter(environment=ctx.environment, identifier__in=vault.relying_on(error.pack), damage="")
    others.update(damage=f"It needs a pack that is damaged, as was found with {backup.identifier}.")


def _said(orphans: dict[str, int], more: dict[str, int]) -> str:
    """A sentence about rows that refer to missing ones; SMS may have had some for ever."""
    if more:
        return f"More rows than before refer to missing ones: {integrity.told(more)}."
    return (
        f"As before, {count_text(sum(orphans.values()), 'row refers', 'rows refer')} to missing ones."
        if orphans
        else ""
    )


def _raise_proof(backup: Backup, orphans: dict[str, int], proof: Proof) -> None:
    """Never lowers a proof the backup has already."""
    better = backup.proof if backup.proof in (Proof.RESTORED, Proof.STARTED) else proof
    proven = {"proof": better, "proven_at": timezone.now(), "damage": "", "orphans": orphans}
    Backup.objects.filter(pk=backup.pk).update(**proven)
