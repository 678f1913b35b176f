"""Where in SQLite's log a backup stands."""

from __future__ import annotations

from backups.vault.manifest import Manifest
from backups.wal.frames import Position


def position_of(manifest: Manifest) -> Position | None:
    """Where in the log a backup stands, where it says so."""
    return Position.parse(manifest.position) if manifest.position else None
