"""What becomes of every page of a quiet SQLite file, which no check of single tables looks at."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

PENDING_BYTE = 0x4000_0000  # the page that holds it is nobody's: SQLite locks it


def adds_up(connection: sqlite3.Connection, database: Path) -> bool:
    """Whether every page is in one tree, or free, or the one SQLite locks; and none is two of these."""
    count, size = _pragma(connection, "page_count"), _pragma(connection, "page_size")
    seen = bytearray(count + 1)
    seen[0] = 1  # pages are counted from one
    locked = PENDING_BYTE // size + 1
    if locked <= count:
        seen[locked] = 1
    for number in _trees(connection):
        if seen[number]:
            return False
        seen[number] = 1
    for number in _free(database, size):
        if seen[number]:
            return False
        seen[number] = 1
    return all(seen)


def _trees(connection: sqlite3.Connection) -> Iterator[int]:
    """The numbers of the pages of all tables and indexes."""
    return (row[0] for row in connection.execute("SELECT pageno FROM dbstat"))


def _free(database: Path, size: int) -> Iterator[int]:
    """The numbers of the free pages, as the file's list of them goes: trunks, each with its leaves."""
    with database.open("rb") as file:
        trunk, many = struct.unpack_from(">II", file.read(100), 32)
        found = 0
        while trunk:
            file.seek((trunk - 1) * size)
            page = file.read(size)
            following, leaves = struct.unpack_from(">II", page)
            yield trunk
            yield from struct.unpack_from(f">{leaves}I", page, 8)
            found += 1 + leaves
            if found > many:
                break
            trunk = following
    if found != many:
        raise ValueError("The list of free pages has another length.")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
