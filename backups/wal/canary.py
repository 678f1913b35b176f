"""Measures the loss a disaster would bring: an empty commit in the live database, and how long until it is kept."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from backups.wal.frames import Position
from backups.wal.log import Log
from backups.wal.pins import connect, explained
from backups.wal.position import begin
from smsops.errors import OpsError


def send(database: Path) -> Position:
    """Commit nothing, so that the log grows by one frame; the position behind it.

    It writes the first page as it is but for SQLite's change counter: no row, schema or setting changes.
    """
    with contextlib.closing(connect(database, "rw")) as connection, explained(database):
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA user_version={version}")
        connection.execute("COMMIT")
        standing = begin(connection, database)
    if standing is None:
        raise OpsError(f"{database.name} has no write-ahead log, or changes too fast to tell where it stands.")
    return standing.position


def measure(database: Path, log: Log, patience: float = 10.0) -> float:
    """Seconds from an empty commit until it can be read back from the log. OpsError when that takes too long."""
    began = time.monotonic()
    position = send(database)
    while time.monotonic() - began < patience:
        if log.reaches(position):
            return time.monotonic() - began
        time.sleep(0.02)
    raise OpsError(f"A commit was not kept within {patience:g} s.", transient=True)
