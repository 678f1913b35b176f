"""Where a live database stands, read from the index of its log (`-shm`) without a lock.

Closing any descriptor of `-shm` or of the database would drop every lock SQLite holds on it in this process: such locks
belong to the process, not to the descriptor. So nothing is opened here: the index is read through the descriptor SQLite
itself holds.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path

from backups.wal.frames import NATIVE, VERSION, Position, checksum

DESCRIPTORS = Path("/dev/fd")
COPY, INDEX = 48, 136  # bytes of the header, which is there twice, and of all that is read
WANTED = 128  # where in the index it says how many frames were to be written back
TRIES = 2000


@dataclass(frozen=True)
class Standing:
    """What the index says: the position, the size in pages, and a number that grows with every change of these."""

    position: Position
    size: int
    change: int


def descriptor(index: Path) -> int | None:
    """The descriptor by which SQLite holds this `-shm` in this process; None where it does not."""
    try:
        wanted, names = index.stat(), os.listdir(DESCRIPTORS)  # noqa: PTH208  names, not paths: they are numbers
    except OSError:
        return None
    for name in names:
        try:
            found = os.fstat(int(name))
        except OSError:  # closed meanwhile, as the one that lists them is
            continue
        if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return int(name)
    return None


def look(handle: int) -> Standing | None:
    """Read the index; None while it is being written, or was not made yet."""
    try:
        data = os.pread(handle, INDEX, 0)
    except OSError:
        return None
    return parse(data)


def parse(data: bytes) -> Standing | None:
    """What an index says; None when its two headers differ or their checksum is wrong."""
    if len(data) < 2 * COPY or data[:COPY] != data[COPY : 2 * COPY]:
        return None
    version, _, change, ready, _, _, frame, size, *sums = struct.unpack_from("=IIIBBHIIII", data)
    if version != VERSION or not ready or checksum(NATIVE, data[:40], (0, 0)) != struct.unpack_from("=II", data, 40):
        return None
    salt1, salt2 = struct.unpack_from(">II", data, 32)  # these two as they are in the log
    # Before the first frame the checksum is still that of the log before.
    running = sums[0] << 32 | sums[1] if frame else 0
    return Standing(Position(salt1, salt2, frame, running), size, change)


def backfilled(handle: int) -> int:
    """How many frames are in the database file already."""
    return int(struct.unpack_from("=I", os.pread(handle, INDEX, 0), 2 * COPY)[0])


def writing_back(handle: int) -> tuple[int, int, int, int]:
    """Both salts, how many frames are in the database file, and how many were to be: SQLite writes to that file only
    while the last two differ."""
    data = os.pread(handle, INDEX, 0)
    salt1, salt2, done, wanted = (struct.unpack_from("=I", data, at)[0] for at in (32, 36, 2 * COPY, WANTED))
    return salt1, salt2, done, wanted


def begin(connection: sqlite3.Connection, database: Path) -> Standing | None:
    """Begin a read transaction on `connection` (in autocommit) and tell what it sees.

    None where the database has no write-ahead log, or where it changes so fast that this cannot be told; the read
    transaction is there in any case.
    """
    index = database.with_name(f"{database.name}-shm")
    connection.execute("PRAGMA user_version").fetchone()  # so that SQLite opens the index
    handle = descriptor(index)
    for last in range(TRIES - 1, -1, -1):
        before = None if handle is None else look(handle)
        connection.execute("BEGIN")
        connection.execute("PRAGMA user_version").fetchone()
        if handle is None or last == 0:
            return None
        # Nothing changed while the transaction began: it sees just that.
        if before is not None and before == look(handle):
            return before
        connection.execute("ROLLBACK")
    return None


def reading(connection: sqlite3.Connection, database: Path) -> Position | None:
    """Begin a read transaction as `begin` does; the position it sees where that names a state, or None."""
    found = begin(connection, database)
    return found.position if found is not None and found.position.named else None
