"""Two read transactions, hand over hand: while one is held SQLite cannot begin the log anew over what it was shown.

The connections are read-only, and therefore never the ones to write the log back and remove it when they are closed.
A read transaction that began when all of the log was in the database file does not keep the log from being begun anew,
but what is then written stays, for nothing is written back under it: so one new beginning with commits in it lies
between the two at most. (Whoever truncates an empty log twice in a row makes two; that is taken for a gap.)
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from backups.engines.sqlite import translate
from backups.wal import position
from backups.wal.frames import FRAME, Discontinuity, Wal
from backups.wal.position import Standing
from smsops.errors import OpsError


@contextlib.contextmanager
def explained(database: Path) -> Iterator[None]:
    """Turn errors of SQLite into a sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, database) from error


def connect(database: Path, mode: str, patience: float = 5.0) -> sqlite3.Connection:
    """A connection in autocommit that keeps next to nothing in memory. The file is not opened beside SQLite."""
    if not database.is_file():
        raise OpsError(f"There is no database at {database}.", fix="Check the data path and the database's name.")
    with explained(database):
        address = f"file:{quote(str(database))}?mode={mode}"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=patience, check_same_thread=False)
        connection.execute("PRAGMA cache_size=-200")
        return connection


def in_use(database: Path) -> int:
    """The bytes of the log that are neither unused nor written over by the next commits."""
    with contextlib.closing(connect(database, "ro")) as connection, explained(database):
        page_size = int(connection.execute("PRAGMA page_size").fetchone()[0])
        standing = position.begin(connection, database)
    return standing.position.frame * (FRAME + page_size) if standing is not None else 0


class Pins:
    """The follower's hold on a database."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.held: sqlite3.Connection | None = None  # its transaction keeps the log
        self.free: sqlite3.Connection | None = None  # the next one's
        self.wal: Wal | None = None
        self.file: tuple[tuple[int, int], tuple[int, int, int, int]] | None = None  # how it looked, and the index

    def open(self) -> Standing:
        """Take hold of the database where it stands. Raises OpsError when it has no write-ahead log."""
        self.identity = self._identity(self.database)
        self.held, self.free = connect(self.database, "ro"), connect(self.database, "ro")
        with explained(self.database):
            mode = self.held.execute("PRAGMA journal_mode").fetchone()[0]
            self.page_size = int(self.held.execute("PRAGMA page_size").fetchone()[0])
        if mode != "wal":
            raise OpsError(
                f"{self.database.name} has no write-ahead log to follow: its journal mode is “{mode}”.",
                fix="Let SMS open it once, which switches it to WAL, or run “PRAGMA journal_mode=WAL” on it.",
            )
        log = self.database.with_name(f"{self.database.name}-wal")
        standing = self._begin(self.held)
        try:
            self.wal = Wal(os.open(log, os.O_RDONLY), self.page_size)
        except OSError as error:
            raise OpsError(f"The log {log} cannot be read: {error.strerror}.", transient=True) from error
        return standing

    def reach(self) -> Standing:
        """Begin the next read transaction, while the held one stays. Raises Discontinuity when the database or its log
        is not the one it was."""
        free, wal = self._open()
        log = self.database.with_name(f"{self.database.name}-wal")
        if self._identity(self.database) != self.identity:
            raise Discontinuity("the database was replaced")
        found = os.fstat(wal.handle)
        if self._identity(log) != (found.st_dev, found.st_ino):
            raise Discontinuity("its log was removed")
        self._untouched()
        self.back()
        return self._begin(free)

    def _untouched(self) -> None:
        """Raise Discontinuity when the database file was written to and SQLite wrote nothing back meanwhile."""
        index = self.index()
        before, found = position.writing_back(index), self.database.stat()
        now = (found.st_mtime_ns, found.st_size), position.writing_back(index)
        last, self.file = self.file, now
        quiet = before == now[1] and now[1][2] == now[1][3]
        if last is not None and quiet and last[1] == now[1] and last[0] != now[0]:
            raise Discontinuity("something else than SQLite wrote to the database file")

    def _begin(self, connection: sqlite3.Connection) -> Standing:
        with explained(self.database):
            standing = position.begin(connection, self.database)
            if standing is not None:
                return standing
            connection.execute("ROLLBACK")
        if position.descriptor(self.database.with_name(f"{self.database.name}-shm")) is None:
            raise Discontinuity("the index of its log was removed")
        raise OpsError(f"{self.database.name} changes too fast to tell where it stands.", transient=True)

    def move(self) -> None:
        """Hold what was reached, and let go of what was held before."""
        self.held, self.free = self.free, self.held
        self.back()

    def back(self) -> None:
        """Let go of what was reached, where anything was."""
        if self.free is not None and self.free.in_transaction:
            with explained(self.database):
                self.free.execute("ROLLBACK")

    def snapshot(self, target: Path) -> None:
        """Write what the held transaction sees to the new file `target`, in one shot."""
        target.unlink(missing_ok=True)
        if self.held is None:
            raise Discontinuity("it was let go of")
        try:
            with contextlib.closing(sqlite3.connect(target)) as copy:
                copy.execute("PRAGMA journal_mode=OFF")
                copy.execute("PRAGMA synchronous=OFF")
                self.held.backup(copy, pages=-1)
        except sqlite3.Error as error:
            target.unlink(missing_ok=True)
            raise translate(error, target) from error

    def index(self) -> int:
        """The descriptor of the index of the log."""
        found = position.descriptor(self.database.with_name(f"{self.database.name}-shm"))
        if found is None:
            raise Discontinuity("the index of its log was removed")
        return found

    def close(self) -> None:
        """Let go of everything; the log stays as it is."""
        for connection in (self.held, self.free):
            if connection is not None:
                connection.close()
        if self.wal is not None:
            os.close(self.wal.handle)
        self.held = self.free = self.wal = self.file = None

    def _open(self) -> tuple[sqlite3.Connection, Wal]:
        if self.free is None or self.wal is None:
            raise Discontinuity("it was let go of")
        return self.free, self.wal

    @staticmethod
    def _identity(path: Path) -> tuple[int, int]:
        try:
            found = path.stat()
        except OSError:
            return 0, 0
        return found.st_dev, found.st_ino
