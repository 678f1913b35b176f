"""How SQLite is opened: one short connection per use, write-ahead log, five seconds of patience."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

BUSY_SECONDS = 5


def open_engine(file: Path, create: bool) -> Engine:
    """An engine on the file; without `create` a missing file is an error, never a new empty database."""
    address = f"file:{quote(str(file))}?mode={'rwc' if create else 'rw'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)
