"""A database as it is now, in the form in which copies are stored: for whoever works on a copy without a backup."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone

from backups.models import Reason
from backups.services.databases.base import Database
from backups.services.storing import Origin, manifest_of
from backups.vault.manifest import Manifest
from backups.vault.shelf import explained
from backups.vault.store import Stored
from smsops.errors import OpsError

NAME = "a copy of the live database"


def copy(database: Database, environment: str, target: Path) -> Manifest:
    """Copy `database`, consistently, to the new file `target`, checked, and describe it as a backup is described.

    Raises OpsError when the copy does not pass the engine's own check.
    """
    snapshot = target.with_name(f"{target.name}.snapshot")
    taken_at = timezone.now()
    with explained(target.parent):
        try:
            database.snapshot(snapshot)
            database.lay_out(snapshot, None).replace(target)
        finally:
            snapshot.unlink(missing_ok=True)
    facts = database.facts(target)
    if facts.problem:
        raise OpsError(f"The database {database.name} is damaged: {facts.problem}.", fix="Restore a backup.")
    origin = Origin(environment, database.name, taken_at, Reason.ROLLBACK, engine=database.engine)
    size = target.stat().st_size
    return manifest_of(NAME, origin, facts, Stored(size, 0, database.block(target), "", []))
