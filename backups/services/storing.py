"""From a snapshot to a stored backup: compress and check side by side, describe, read back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backups.engines.base import Engine, Facts
from backups.models import Backup, Proof
from backups.vault.folder import FolderVault
from backups.vault.manifest import Manifest
from backups.vault.packing import Content
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


def identifier_for(taken_at: datetime, run: int) -> str:
    """A name that sorts by time and tells which run made it."""
    return f"{taken_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-r{run}"


def store(vault: FolderVault, engine: Engine, snapshot: Path, origin: Origin) -> Manifest:
    """Store `snapshot` and return its manifest.

    The engine's check and the row counts run beside compressing and reading back: both read the same pages, on two
    cores.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        facts = pool.submit(engine.facts, snapshot)

        def describe(content: Content) -> Manifest:
            return manifest_of(origin, facts.result(), content)

        return vault.write(identifier_for(origin.taken_at, origin.run), snapshot, describe)


def manifest_of(origin: Origin, facts: Facts, content: Content) -> Manifest:
    """Put together what is known of a snapshot."""
    return Manifest(
        identifier="",
        environment=origin.environment,
        engine="sqlite",
        database=origin.database,
        taken_at=origin.taken_at.astimezone(UTC).isoformat(),
        reason=origin.reason,
        file="",
        compression="",
        size=content.size,
        stored_size=content.stored_size,
        sha256=content.sha256,
        stored_sha256=content.stored_sha256,
        page_size=facts.page_size,
        page_count=facts.page_count,
        schema_revision=facts.schema_revision,
        release_version=origin.release_version,
        image_id=origin.image_id,
        check=facts.problem or "ok",
        row_counts=facts.row_counts,
        run=origin.run,
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
            "sha256": manifest.sha256,
            "schema_revision": manifest.schema_revision,
            "release_version": manifest.release_version,
            "image_id": manifest.image_id,
            "row_counts": manifest.row_counts,
            "pinned": pinned,
        },
    )
    return backup
