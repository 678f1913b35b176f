"""An SQLite database that can be looked at only, as web sees SMS's data (docs/compose.md).

With a write-ahead log SQLite opens a database only where that log is, or can be made. An SMS that has its database
closed leaves none beside it; then the file is all there is, and it is read as it lies there. SMS may open it meanwhile:
what it writes stands in a new log, and is brought into the file later. What was read until then is thrown away.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from smsops.errors import OpsError

READ_VERSION, BY_LOG = 19, 2  # where in the file it says how it is read; with a write-ahead log


def rests(database: Path) -> bool:
    """Whether its log is missing and cannot be made from here. Nothing is opened where it can be."""
    if os.access(database.parent, os.W_OK) or database.with_name(f"{database.name}-wal").exists():
        return False
    with database.open("rb") as file:
        return file.read(READ_VERSION + 1)[READ_VERSION:] == bytes([BY_LOG])


@contextlib.contextmanager
def unwritten(database: Path) -> Iterator[None]:
    """Around reading it: raises a transient OpsError when the file was written to meanwhile, whatever was read."""
    before = _stamp(database)
    try:
        yield
    except OpsError:
        _refuse(database, before)
        raise
    _refuse(database, before)


def _refuse(database: Path, before: tuple[int, ...]) -> None:
    if _stamp(database) != before:
        raise OpsError(f"SMS wrote to {database.name} while it was read.", transient=True, fix="Try again.")


def _stamp(database: Path) -> tuple[int, ...]:
    try:
        found = database.stat()
    except FileNotFoundError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
