"""SMS's log is written back into the database before SMS has to, and so that its next beginning is provable.

In a pause this takes no lock: what is held and what is there are the same, so all of it can be written back, and the
next writer begins the log anew. Without a pause writers wait a moment: for the rest to be read and written back.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from backups.wal import position as positions
from backups.wal.frames import CHUNK, HEADER, WORD, Discontinuity, Position, Wal, Written
from backups.wal.pins import Pins, connect

PAGES = 750  # of the log; SMS itself writes back, and lets its writer wait for that, from 1,000
STEP = 250  # so many more before it is tried again
PATIENCE = 0.05  # seconds to wait for a pause between two writers
MOST_REST = 1024  # frames that are read while writers wait


@dataclass(frozen=True)
class Rest:
    """The end of a log that may be gone soon: its commits, and a copy of their frames."""

    commits: Sequence[Written]
    wal: Wal
    file: BinaryIO


def write_back(pins: Pins, kept: Position) -> bool:
    """Write the log back, with all of it kept and nobody writing at the moment; whether all of it was."""
    with contextlib.closing(connect(pins.database, "rw", 0.0)) as connection:
        _checkpoint(connection)
    return _move_on(pins, kept)


def hold(pins: Pins, kept: Position, folder: Path) -> Rest | None:
    """Let nobody write while the rest of the log behind `kept` is read and all of it is written back.

    None where a writer or reader would have to wait too long: it is tried again later.
    """
    with _writable(pins) as writing, _writable(pins) as checkpointing:
        _checkpoint(checkpointing)  # most of it, while everybody still writes
        try:
            writing.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return None
        try:
            end = pins.reach().position
            if end.salts != kept.salts or end.frame - kept.frame > MOST_REST:
                pins.back()
                return None
            rest = copied(pins, kept, end, folder)
            pins.move()
            _checkpoint(checkpointing)
            _move_on(pins, end)
            return rest
        finally:
            writing.execute("ROLLBACK")


def onward(wal: Wal, kept: Position, end: Position) -> Position | None:
    """Behind which position to read on to `end`, with nothing between `kept` and it; None where that is not proven.

    That is `kept` in the same log. In a log begun anew since it is the beginning, if `kept` was the end of the old one:
    its last frame still lies where the new one did not reach yet, and behind it nothing of the old one.
    """
    if not kept.named or (kept.frame and wal.checksum_at(kept.frame, kept.salts) != kept.checksum):
        return None
    if end.salts == kept.salts:
        return kept if end.frame >= kept.frame else None
    renewed = end.salt1 == (kept.salt1 + 1) & WORD and end.frame < kept.frame
    ended = wal.checksum_at(kept.frame + 1, kept.salts) is None
    return Position(*end.salts, 0, 0) if renewed and ended else None


def copied(pins: Pins, after: Position, end: Position, folder: Path) -> Rest:
    """The commits behind `after`, with their frames in a file of our own. Raises Discontinuity when the log was begun
    anew meanwhile."""
    if pins.wal is None:
        raise Discontinuity("it was let go of")
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  the caller closes it
    copy = Wal(file.fileno(), pins.wal.page_size)
    try:
        _copy(pins.wal, copy, after.frame, end.frame)
        standing = positions.look(pins.index())
        if standing is None or standing.position.salts != end.salts:
            raise Discontinuity("its log was begun anew while it was read")
        return Rest(copy.commits(after, end) if end.frame > after.frame else [], copy, file)
    except BaseException:
        file.close()
        raise


def _copy(wal: Wal, copy: Wal, start: int, end: int) -> None:
    """The header and these frames, at the same places."""
    os.pwrite(copy.handle, os.pread(wal.handle, HEADER, 0), 0)
    at, stop = HEADER + start * wal.stride, HEADER + end * wal.stride
    while at < stop:
        data = os.pread(wal.handle, min(CHUNK, stop - at), at)
        if not data:
            raise Discontinuity("its log is shorter than it should be")
        at += os.pwrite(copy.handle, data, at)


def _move_on(pins: Pins, kept: Position) -> bool:
    """Hold the same state anew: not by the log any more, where all of it was written back."""
    standing = pins.reach()
    if standing.position != kept:
        pins.back()
        return False
    pins.move()
    return positions.backfilled(pins.index()) == kept.frame


def _checkpoint(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.OperationalError):  # somebody else is at it
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


@contextlib.contextmanager
def _writable(pins: Pins) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(pins.database, "rw", PATIENCE)) as connection:
        yield connection
