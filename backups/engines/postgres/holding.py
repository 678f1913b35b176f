"""Keeps the server from throwing away log while its follower is there, on servers that do not bound slots.

A base backup begins a new segment and may let go of the one before at once, quicker than it is sent. A temporary slot
prevents that: it ends with the follower's session, so a follower that never comes back fills no disk.
"""

from __future__ import annotations

from backups.engines.postgres.connection import Connection
from backups.engines.postgres.receiving import UNBOUNDED


def hold(connection: Connection, slot: str) -> str:
    """Take hold of the log from now on, where the receiver has no slot of its own; the name of the hold, or nothing."""
    row = connection.execute("SHOW max_slot_wal_keep_size").fetchone()
    if row is None or row[0] != UNBOUNDED:
        return ""
    name = f"{slot}_now"
    connection.execute("SELECT pg_create_physical_replication_slot(%s, true, true)", [name])
    return name


def move(connection: Connection, name: str, position: int) -> None:
    """Let go of what is before a position, in bytes: it was kept."""
    place = f"{position >> 32:X}/{position & 0xFFFF_FFFF:X}"
    connection.execute("SELECT pg_replication_slot_advance(%s, %s::pg_lsn)", [name, place])
