"""The steps of a backup: snapshot, store and read back, catalogue (B1, B3, B6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from backups import selectors
from backups.models import Backup, Reason
from backups.services import following, storing
from backups.steps.databases import database_of, room_for_bytes
from backups.vault.manifest import Manifest
from backups.vault.shelf import explained
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs import scratch
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Found, Outcome, Probe, StepKind
from smsops.runs.scratch import ScratchStep
from smsops.text import bytes_text, count_text

SNAPSHOT = "snapshot"


class TakeSnapshot(ScratchStep):
    """Copies the live database, in one shot, into the run's work folder."""

    key = "backup.snapshot"
    title = "Take a snapshot of the live database"
    phase = Phase.PREPARE
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        database = database_of(ctx)
        if ctx.params.get("first_installation") and not database.exists():
            return Done(output="There is no database yet, so there is nothing to back up.", skipped=True)
        running = ctx.runtime.inspect(ctx.environment.instance)
        taken_at = timezone.now()
        target = ctx.work_dir / SNAPSHOT
        with explained(ctx.work_dir):
            room_for_bytes(database.size(), ctx.work_dir)
            following.begin_log(ctx.environment)
            position = database.snapshot(target)
        result = {
            "taken_at": taken_at.isoformat(),
            "size": target.stat().st_size,
            "position": str(position or ""),
            "release_version": running.version if running else "",
            "image_id": running.image_id if running else "",
        }
        return Done(result, f"{bytes_text(target.stat().st_size)} copied in one shot.")


class Store(StepKind):
    """Compresses the snapshot into the vault, reads it back and checks it meanwhile; its manifest comes last."""

    key = "backup.store"
    title = "Store it in the vault, read it back, check it"
    phase = Phase.PREPARE
    timeout = 1800
    undo_note = "A finished backup is kept; an unfinished one is removed."

    def probe(self, ctx: Context) -> Probe:
        if not taken(ctx):
            return Probe(Found.NOT_DONE)
        identifier = storing.identifier_for(origin_of(ctx).taken_at, ctx.run.pk)
        vault = selectors.vault_of(ctx.environment)
        if identifier not in vault.identifiers():
            return Probe(Found.NOT_DONE)
        done = stored(ctx, vault.manifest(identifier), database_of(ctx).check)
        return Probe(Found.DONE, done.result, "It had been stored.")

    def do(self, ctx: Context) -> Outcome:
        if skipped(ctx):
            return Done(output="Nothing to store.", skipped=True)
        vault, origin, database = selectors.vault_of(ctx.environment), origin_of(ctx), database_of(ctx)
        snapshot = ctx.work_dir / SNAPSHOT
        if not snapshot.exists():
            raise OpsError("The snapshot is gone from the work folder; take another backup.")
        with explained(ctx.work_dir):
            copy = database.lay_out(snapshot, vault.images.newest())
        manifest = storing.store(vault, database, copy, origin, take=not origin.source)
        return stored(ctx, manifest, database.check)

    def undo(self, ctx: Context) -> Outcome:
        identifier = storing.identifier_for(origin_of(ctx).taken_at, ctx.run.pk) if taken(ctx) else ""
        if not identifier or Backup.objects.filter(environment=ctx.environment, identifier=identifier).exists():
            return Done(output="The finished backup is kept.")
        selectors.vault_of(ctx.environment).discard(identifier)
        return Done(output="The unfinished backup was removed.")


class EnterInCatalogue(StepKind):
    """Enters the finished backup in the catalogue, from the manifest that is in the vault."""

    key = "backup.catalogue"
    title = "Enter it in the catalogue"
    phase = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        if skipped(ctx):
            return Done(output="Nothing to enter.", skipped=True)
        manifest = selectors.vault_of(ctx.environment).manifest(ctx.fact("backup.store", "identifier"))
        backup = storing.catalogue(ctx.environment, ctx.run, manifest)
        scratch.clear(ctx)
        rows = count_text(manifest.row_counts.get("students", sum(manifest.row_counts.values())), "student")
        headline = f"Backup {manifest.identifier} stored and proven: {rows}, {bytes_text(manifest.stored_size)}."
        return Done({"backup": backup.pk, "root": manifest.root, "headline": headline}, headline)


def stored(ctx: Context, manifest: Manifest, check: str) -> Done:
    """What a stored backup tells the run. Raises OpsError when what was stored is a damaged database: it is kept as
    evidence, and no backup."""
    if manifest.check != "ok":
        fix = "Restore an older backup; this copy is kept as evidence."
        storing.catalogue(ctx.environment, ctx.run, manifest)
        raise OpsError(f"The database of SMS is damaged: {manifest.check}.", fix=fix)
    result = {
        "identifier": manifest.identifier,
        "stored_size": manifest.stored_size,
        "row_counts": manifest.row_counts,
        "schema_revision": manifest.schema_revision,
    }
    sizes = f"{bytes_text(manifest.stored_size)} for {bytes_text(manifest.size)}"
    return Done(result, f"{sizes}; read back and the same; {check}: ok.")


def taken(ctx: Context) -> bool:
    """Whether there is a snapshot in this run."""
    return _of_snapshot(ctx, "taken_at") is not None


def skipped(ctx: Context) -> bool:
    """Whether the run found no database to back up."""
    return bool(ctx.params.get("first_installation")) and not taken(ctx)


def origin_of(ctx: Context) -> storing.Origin:
    """Where the run's snapshot comes from."""
    database = database_of(ctx)
    return storing.Origin(
        environment=ctx.environment.name,
        engine=database.engine,
        database=database.name,
        taken_at=datetime.fromisoformat(_of_snapshot(ctx, "taken_at")),
        reason=ctx.params.get("backup_reason", Reason.MANUAL),
        release_version=ctx.fact("backup.snapshot", "release_version", ""),
        image_id=ctx.fact("backup.snapshot", "image_id", ""),
        position=ctx.fact("backup.snapshot", "position", ""),
        run=ctx.run.pk,
        source=_of_snapshot(ctx, "source", ""),
    )


def _of_snapshot(ctx: Context, name: str, default: Any = None) -> Any:
    """What is known of the snapshot in this run, whether it was taken of the live database or of a file."""
    return ctx.fact("backup.snapshot", name, ctx.fact("adopt.check", name, default))
