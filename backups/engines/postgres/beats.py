"""Marks in the server's log: a small transaction of ours, which is there once everything before it is there, too.

One is a message that stands in the log and nowhere else (`pg_logical_emit_message`, which needs no right): no table is
touched. Its commit is what a recovery to a moment needs to know that the moment has passed.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backups.engines.postgres.archive import Archive
from backups.engines.postgres.connection import Connection
from backups.engines.postgres.segments import SIZE, Segment
from smsops.errors import OpsError

PREFIX = "smsops"
PATIENCE = 10.0  # seconds a mark may take into the log
LOOK = 0.01


@dataclass(frozen=True)
class Server:
    """Which server's log it is: its number since it was made, the timeline it is on, and where its log ends."""

    system: int
    timeline: int
    end: int


@dataclass(frozen=True)
class Beat:
    """A mark: `at` by the server's clock, before its commit; `sent` by ours; `ahead` is how far the server's clock may
    be off ours; `number` is that of its transaction, `end` where it ends in the log."""

    text: str
    end: int
    number: int
    at: datetime
    sent: datetime
    ahead: timedelta


def identify(connection: Connection) -> Server:
    """The server behind a connection. OpsError when its log cannot be followed."""
    query = """
        SELECT system_identifier, timeline_id, pg_current_wal_flush_lsn(), current_setting('wal_segment_size'),
        current_setting('wal_level') FROM pg_control_system(), pg_control_checkpoint()
    """
    row = connection.execute(query).fetchone()
    if row is None or row[3] != "16MB":
        raise OpsError(f"The server keeps its log in segments of {row and row[3]}; smsops follows those of 16 MB.")
    if row[4] == "minimal":
        fix = "ALTER SYSTEM SET wal_level = 'replica', and restart it."
        raise OpsError("The server writes too little into its log to recover from it.", fix=fix)
    return Server(int(row[0]), int(row[1]), position(row[2]))


def position(text: str) -> int:
    """A position like `0/3000028`, in bytes."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def send(connection: Connection) -> Beat:
    """Leave a mark in the log."""
    text = f"{'beat':7}{secrets.token_hex(4)}"  # so long that its last eight bytes end where the record does
    query = "SELECT clock_timestamp(), pg_current_xact_id()::text::bigint, pg_logical_emit_message(true, %s, %s)::text"
    before = datetime.now(UTC)
    row = connection.execute(query, [PREFIX, text]).fetchone()
    after = datetime.now(UTC)
    if row is None:
        raise OpsError("The server left no mark in its log.", transient=True)
    at = row[0].astimezone(UTC)
    ahead = max(at - after, before - at, timedelta(0))
    return Beat(text, position(row[2]), int(row[1]), at, before, ahead)


def kept(archive: Archive, timeline: int, end: int, text: str) -> bool:
    """Whether the mark that ends there can be read back from the log that was received."""
    segment = segment_of(timeline, end)
    return archive.holds(segment.name(), end - segment.number * SIZE, text.encode())


def segment_of(timeline: int, end: int) -> Segment:
    """The segment in which what ends there lies."""
    return Segment(timeline, (end - 1) // SIZE)


def measure(connection: Connection, archive: Archive, timeline: int) -> float:
    """Seconds from a commit until it can be read back from the log. OpsError when that takes too long."""
    began = time.monotonic()
    beat = send(connection)
    while time.monotonic() - began < PATIENCE:
        if kept(archive, timeline, beat.end, beat.text):
            return time.monotonic() - began
        time.sleep(LOOK)
    raise OpsError(f"A commit was not kept within {PATIENCE:g} s.", transient=True)
