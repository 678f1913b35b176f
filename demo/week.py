"""A week of backups in seconds: a copy of the demo school works for a week, and every quarter of an hour is stored."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backups.engines.sqlite import SqliteEngine
from backups.services import storing
from backups.vault.images import Images
from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault

BACKUPS = 672  # a week of one every fifteen minutes
CHANGES = 30  # grades changed in a quarter of an hour
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Week:
    """What became of it; sizes in bytes. `right` is whether a backup from the middle came back with its own rows."""

    raw: int
    stored: int
    seconds: float
    right: bool


def play(database: Path) -> Week:
    """Store a week of backups of a copy of `database`, then bring one from the middle back."""
    with tempfile.TemporaryDirectory(prefix="smsops-week-") as name:
        folder, chance = Path(name), random.Random(7)
        copy, snapshot = folder / "school.db", folder / "snapshot.db"
        SqliteEngine().snapshot(database, copy)
        vault = Vault(FolderShelf(folder / "vault"), Keyring(folder / "keys"), Images(folder / "images"))
        began, raw, middle = time.monotonic(), 0, ""
        for number in range(BACKUPS):
            _work(copy, chance)
            SqliteEngine().snapshot(copy, snapshot)
            raw += snapshot.stat().st_size
            taken = MONDAY + timedelta(minutes=15 * number)
            made = storing.store(
                vault, SqliteEngine(), snapshot, storing.Origin("week", "school.db", taken, "scheduled")
            )
            middle = made.identifier if number == BACKUPS // 2 else middle
        took = time.monotonic() - began
        manifest, facts = storing.unpack(vault, SqliteEngine(), middle, folder / "back.db")
        return Week(raw, vault.size(), took, not facts.problem and facts.row_counts == manifest.row_counts)


def _work(database: Path, chance: random.Random) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        (last,) = connection.execute("SELECT max(id) FROM grades").fetchone()
        for _ in range(CHANGES):
            row = chance.randrange(1, last + 1)
            connection.execute("UPDATE grades SET grade = ? WHERE id = ?", (chance.randrange(100), row))
