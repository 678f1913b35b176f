"""From a snapshot to a stored backup: compress and check side by side, describe, read back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backups.engines.base import Describer, Facts
from backups.models import Backup, Proof, Reason
from backups.vault.manifest import Manifest
from backups.vault.store import Stored, Vault
from smsops.models import Environment, Run


@dataclass(frozen=True)
class Origin:
    """Where a snapshot comes from."""

    environment: str
    database: str
    taken_at: datetime
    reason: str
    release_version: str = ""
    image_id: str = ""
    run: int = 0
    position: str = ""
    engine: str = "sqlite"
    source: str = ""


def identifier_for(taken_at: datetime, run: int) -> str:
    """A name that sorts by time and tells which run made it."""
    return f"{taken_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-r{run}"


def store(vault: Vault, engine: Describer, snapshot: Path, origin: Origin, *, take: bool = True) -> Manifest:
    """Store `snapshot` and return its manifest; with `take` the file is taken over by the vault.

    The engine's check and the row counts run beside packing and reading back: both read the same pages, on two cores.
    """
    identifier = identifier_for(origin.taken_at, origin.run)
    with ThreadPoolExecutor(max_workers=1) as pool:
        facts = pool.submit(engine.facts, snapshot)

        def describe(stored: Stored) -> Manifest:
            return manifest_of(identifier, origin, facts.result(), stored)

        return vault.write(identifier, snapshot, engine.block(snapshot), describe, take=take)


def unpack(vault: Vault, engine: Describer, identifier: str, target: Path) -> tuple[Manifest, Facts]:
    """Build a backup's file at `target`, every block checked and synced; what the engine's own check says of it.

    The check runs beside digesting and syncing. Raises BackupDamaged as `Vault.read` does.
    """
    found: list[Facts] = []
    manifest = vault.read(identifier, target, beside=lambda: found.append(engine.facts(target)))
    return manifest, found[0]


def manifest_of(identifier: str, origin: Origin, facts: Facts, stored: Stored) -> Manifest:
    """Put together what is known of a snapshot."""
    return Manifest(
        identifier=identifier,
        environment=origin.environment,
        engine=origin.engine,
        database=origin.database,
        taken_at=origin.taken_at.astimezone(UTC).isoformat(),
        reason=origin.reason,
        size=stored.size,
        stored_size=stored.stored_size,
        block=stored.block,
        root=stored.root,
        packs=stored.packs,
        schema_revision=facts.schema_revision,
        release_version=origin.release_version,
        image_id=origin.image_id,
        check=facts.problem or "ok",
        row_counts=facts.row_counts,
        run=origin.run,
        position=origin.position,
        source=origin.source,
    )


def catalogue(environment: Environment, run: Run | None, manifest: Manifest, *, pinned: bool = False) -> Backup:
    """Write the catalogue card of a backup that was read back; doing it again changes nothing."""
    backup, _ = Backup.objects.update_or_create(
        environment=environment,
        identifier=manifest.identifier,
        defaults={
            "run": run,
            "taken_at": manifest.taken,
            "reason": manifest.reason,
            "proof": Proof.CHECKED if manifest.check == "ok" else Proof.READ_BACK,
            "damage": "" if manifest.check == "ok" else f"The database itself is damaged: {manifest.check}",
            "size": manifest.size,
            "stored_size": manifest.stored_size,
            "root": manifest.root,
            "schema_revision": manifest.schema_revision,
            "release_version": manifest.release_version,
            "image_id": manifest.image_id,
            "row_counts": manifest.row_counts,
            "source": manifest.source[:200],
            # What came from elsewhere came for a reason, and cannot be taken again: no policy lets it go.
            "pinned": pinned or manifest.reason == Reason.ADOPTED,
        },
    )
    return backup
