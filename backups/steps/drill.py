"""The steps of a drill: in a sandbox the disaster is really made, and SMS is really brought back from it (§6.4, §9)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.utils import timezone

from backups import selectors
from backups.engines import recovery, rows
from backups.models import Backup, Proof
from backups.services import drill_reports, drills, offsite, test_log
from backups.steps.databases import work_of
from backups.steps.restore import backup_of
from backups.steps.restore_test import UnpackForTest, copy_of
from backups.vault.images import Images
from backups.vault.manifest import Manifest
from backups.vault.rescue import rescue
from backups.vault.shelf import FolderShelf, explained
from backups.vault.store import Vault
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.text import bytes_text, count_text, seconds_text


class UnpackElsewhere(UnpackForTest):
    """Unpacks the backup from an off-site vault alone, as if this machine's vault were gone."""

    key = "drill.fetch"
    title = "Fetch the backup from off-site alone and prove it"
    timeout = 24 * 3600

    def build(self, ctx: Context, backup: Backup, target: Path) -> Manifest:
        shelf = FolderShelf(ctx.work_dir / "vault")
        vault = Vault(shelf, selectors.keyring(), Images(ctx.work_dir / "images"))
        copy = backup.replicas.select_related("vault__environment").first()
        if copy is None:
            raise OpsError(f"No off-site vault has a copy of {backup.identifier}.")
        with offsite.shelf_of(copy.vault) as remote:
            rescue(remote, shelf, backup.identifier, vault.keys)
        return vault.read(backup.identifier, target)


class PutRowsBackInDrill(StepKind):
    """Finds what is missing and puts it back while the sandbox's SMS runs."""

    key = "drill.put_back"
    title = "Compare, and put the rows back while SMS runs"
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        database, work, backup = copy_of(ctx), work_of(ctx), backup_of(ctx)
        vault = selectors.vault_of(ctx.environment)
        with explained(ctx.work_dir):
            database.look_into(work, lambda target, beside: vault.read(backup.identifier, target, beside=beside))
        then, now = database.then(work), database.now(work)
        chosen = {ctx.fact("drill.delete", "table"): [rows.Kind.REMOVED]}
        plan = recovery.plan(then, now, chosen)
        if plan.offered:
            plan = recovery.plan(then, now, chosen, children=plan.offered)
        if plan.blocking:
            raise OpsError(f"The rows cannot go back: {plan.blocking[0].text}")
        done = database.put_rows_back(plan, work)
        back = sum(each.inserted + each.updated + each.already for each in done)
        return Done({"rows": back}, f"{count_text(back, 'row')} came back.")


class RestoreInDrill(UnpackForTest):
    """Restores the backup over the damaged database."""

    key = "drill.restore"
    title = "Restore the backup over it and prove it"
    phase = Phase.EXECUTE


class ConcludeDrill(StepKind):
    """Compares every core table with the backup, takes the times and writes the report."""

    key = "drill.conclude"
    title = "Compare the rows, take the times, write the report"
    phase = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        backup, found = backup_of(ctx), copy_of(ctx).row_counts()
        missing = [
            table for table in ctx.environment.core_tables if found.get(table, 0) < backup.row_counts.get(table, 0)
        ]
        if missing:
            raise OpsError(f"After the drill rows are missing in {', '.join(missing)}.")
        Backup.objects.filter(pk=backup.pk).update(proof=Proof.STARTED, proven_at=timezone.now())
        scenario = drills.SCENARIOS[ctx.params["scenario"]]
        took = _seconds_since(ctx, scenario.begins)
        target = ctx.environment.rto_minutes
        verdict = "within" if took <= target * 60 else "beyond"
        headline = f"Drill “{scenario.title}”: back after {seconds_text(took)}, {verdict} the RTO of {target} min."
        test_log.passed(ctx.environment, ctx.run.pk, headline.rstrip("."))
        report = drill_reports.write(ctx.run, scenario, backup, took)
        size = bytes_text(backup.size)
        return Done({"headline": headline, "seconds": round(took, 2), "report": str(report), "size": size}, headline)


def _seconds_since(ctx: Context, kind: str) -> float:
    """Seconds since the step began with which the way back begins."""
    step = ctx.run.steps.filter(kind=kind).first()
    began: datetime = step.started_at if step is not None and step.started_at else ctx.run.created_at
    return (timezone.now() - began).total_seconds()
