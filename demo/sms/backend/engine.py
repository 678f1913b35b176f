"""How the database is opened: an SQLite file with a write-ahead log, or a database on a PostgreSQL server."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from backend.config import Settings

BUSY_SECONDS = 5
POOL = {"pool_size": 5, "max_overflow": 5, "pool_pre_ping": True, "pool_recycle": 3600}


def open_engine(settings: Settings, create: bool) -> Engine:
    """An engine on the database; without `create` a missing file is an error, never a new empty database."""
    if settings.database_file is not None:
        return _open_file(settings.database_file, create)
    return create_engine(settings.server_url, connect_args={"connect_timeout": BUSY_SECONDS}, **POOL)


def _open_file(file: Path, create: bool) -> Engine:
    """One short connection per use, five seconds of patience."""
    address = f"file:{quote(str(file))}?mode={'rwc' if create else 'rw'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)
