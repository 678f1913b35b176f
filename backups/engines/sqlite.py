"""SQLite: online backup in one shot, checks, counts, comparison.

One shot or never (research/backups.md §1): a stepped backup from another process starts over at every commit of the
writer, and on a busy database never ends; copying the file of a live WAL database loses commits or tears pages.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from backups.engines import quick_check, resting
from backups.engines.base import Facts, TableChange
from backups.engines.identifiers import quoted
from backups.wal.frames import Position
from backups.wal.position import reading
from smsops.errors import OpsError

MAGIC = b"SQLite format 3\0"
BUSY_SECONDS = 15.0
SIDE_FILES = ("-wal", "-shm", "-journal")


def side_file(database: Path, suffix: str) -> Path:
    """The write-ahead log, its index, or the rollback journal beside a database."""
    return database.with_name(database.name + suffix)


@contextlib.contextmanager
def connect(database: Path, *, quiet: bool = False) -> Iterator[sqlite3.Connection]:
    """Open an existing database; `quiet` means nobody writes it, and opening leaves no files beside it.

    Errors of SQLite come out as OpsError, “locked” ones as transient.
    """
    check_is_database(database)
    looking = not quiet and resting.rests(database)
    mode = "mode=ro&immutable=1" if quiet or looking else "mode=rw"
    with resting.unwritten(database) if looking else contextlib.nullcontext():
        try:
            connection = sqlite3.connect(
                f"file:{quote(str(database))}?{mode}", uri=True, timeout=BUSY_SECONDS, check_same_thread=False
            )
            with contextlib.closing(connection):
                yield connection
        except sqlite3.Error as error:
            raise translate(error, database) from error


def check_is_database(database: Path) -> None:
    """Raise OpsError unless the file is there and begins like an SQLite database."""
    try:
        with database.open("rb") as file:
            head = file.read(len(MAGIC))
    except FileNotFoundError:
        raise OpsError(
            f"There is no database at {database}.", fix="Check the data path and the database's name."
        ) from None
    except OSError as error:
        raise OpsError(f"The database {database} cannot be read: {error.strerror}.") from error
    if head != MAGIC:
        raise OpsError(f"{database} is not an SQLite database.", fix="Check the database's name in the environment.")


def translate(error: sqlite3.Error, database: Path) -> OpsError:
    """Put an error of SQLite into a sentence."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return OpsError(f"The database {database.name} stayed locked for {BUSY_SECONDS:.0f} s.", transient=True)
    if "full" in text or _is_full(database):
        return OpsError(f"The disk of {database.parent} is full.", fix="Make room, then try again.")
    return OpsError(f"SQLite says of {database.name}: {text}.")


def _is_full(database: Path) -> bool:
    """Whether an “unable to open” or “I/O error” of SQLite is really a disk without room for its side files."""
    try:
        return shutil.disk_usage(database.parent).free < 64 * 1024
    except OSError:
        return False


class SqliteEngine:
    """The engine for SQLite files, in WAL or rollback-journal mode."""

    def snapshot(self, source: Path, target: Path) -> Position | None:
        target.unlink(missing_ok=True)
        with connect(source) as live:
            try:
                with contextlib.closing(sqlite3.connect(target)) as copy:
                    # The copy is nobody's yet: no journal, no syncing; a caller that needs it to last syncs it.
                    copy.execute("PRAGMA journal_mode=OFF")
                    copy.execute("PRAGMA synchronous=OFF")
                    # Every page is touched once: a cache would only be churned.
                    copy.execute("PRAGMA cache_size=-200")
                    live.execute("PRAGMA cache_size=-200")
                    # The driver's backup waits for a locked database for ever; a read of our own waits BUSY_SECONDS.
                    position = reading(live, source)
                    live.backup(copy, pages=-1)
                    return position
            except sqlite3.Error as error:
                # The copy is what grows; but SQLite also writes beside the source, and tells neither apart.
                said = translate(error, target if "full" in str(error) or _is_full(target) else source)
                target.unlink(missing_ok=True)
                raise said from error

    def block(self, database: Path) -> int:
        check_is_database(database)
        with database.open("rb") as file:
            size = int.from_bytes(file.read(18)[16:18], "big")
        return 65536 if size == 1 else size if size >= 512 else 4096

    def facts(self, database: Path) -> Facts:
        size = database.stat().st_size
        try:
            with connect(database, quiet=True) as connection:
                page_size = int(connection.execute("PRAGMA page_size").fetchone()[0])
                page_count = int(connection.execute("PRAGMA page_count").fetchone()[0])
                problem = quick_check.problem(connection, database, lambda: connect(database, quiet=True))
                return Facts(size, page_size, page_count, _revision(connection), _counts(connection), problem)
        except OpsError as error:
            return Facts(size, 0, 0, "", {}, error.message)

    def deep_check(self, database: Path) -> tuple[str, dict[str, int]]:
        """What `integrity_check` says of a quiet database (empty: nothing), and per table how many rows refer to
        missing ones; a table without any is left out."""
        with connect(database, quiet=True) as connection:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            orphans = Counter(row[0] for row in connection.execute("PRAGMA foreign_key_check"))
        return "" if said == ["ok"] else "; ".join(said), dict(sorted(orphans.items()))

    def row_counts(self, database: Path, *, quiet: bool = False) -> dict[str, int]:
        with connect(database, quiet=quiet) as connection:
            return _counts(connection)

    def revision(self, database: Path) -> str:
        """The schema revision Alembic noted, several heads joined by commas; empty when there is none."""
        with connect(database) as connection:
            return _revision(connection)

    def filled(self, database: Path, table: str, column: str) -> int:
        """How many rows have something in that column; 0 where there is none."""
        with connect(database) as connection:
            if column not in _columns(connection, "main", table):
                return 0
            query = f"SELECT count({quoted(column)}) FROM {quoted(table)}"  # noqa: S608
            return int(connection.execute(query).fetchone()[0])

    def schema(self, database: Path) -> list[str]:
        """Every definition in a quiet database, as text: equal lists, equal schema."""
        with connect(database, quiet=True) as connection:
            return sorted(row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))

    def compare(self, before: Path, after: Path, tables: list[str]) -> list[TableChange]:
        with connect(after) as connection:
            connection.execute("ATTACH DATABASE ? AS earlier", (f"file:{quote(str(before))}?mode=ro&immutable=1",))
            return [change for table in tables if (change := _compare(connection, table)) is not None]


def quiesce(database: Path) -> None:
    """Bring everything into the one file, with SMS stopped: the log is written back and removed.

    Raises OpsError when the database is too damaged for that, or when somebody still has it open.
    """
    with connect(database) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise OpsError(f"{database.name} is still in use by another process.", transient=True)
    # Closing the last connection removed -wal and -shm; a database that stayed open elsewhere keeps them.
    left = [suffix for suffix in SIDE_FILES if side_file(database, suffix).exists()]
    if left:
        raise OpsError(f"{database.name} is still in use by another process.", transient=True)


def fsync(path: Path) -> None:
    """Force a file or a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _tables(connection: sqlite3.Connection, schema: str = "main") -> list[str]:
    query = f"SELECT name FROM {schema}.sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"  # noqa: S608
    return sorted(row[0] for row in connection.execute(query))


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    return {
        table: int(connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])  # noqa: S608
        for table in _tables(connection)
    }


def _revision(connection: sqlite3.Connection) -> str:
    if "alembic_version" not in _tables(connection):
        return ""
    return ",".join(sorted(row[0] for row in connection.execute("SELECT version_num FROM alembic_version")))


def _columns(connection: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({quoted(table)})")]


def _compare(connection: sqlite3.Connection, table: str) -> TableChange | None:
    if table not in _tables(connection, "earlier"):
        return None
    if table not in _tables(connection):
        gone = connection.execute(f"SELECT count(*) FROM earlier.{quoted(table)}").fetchone()[0]  # noqa: S608
        return TableChange(table, gone, 0, gone, 0, 0)
    later = _columns(connection, "main", table)
    shared = [column for column in _columns(connection, "earlier", table) if column in later]
    key = "id" if "id" in shared else "rowid"
    differs = _any(shared, "a.{0} IS NOT b.{0}")
    # IFNULL … '' treats NULL and the empty text alike: both are nothing
    blank = _any(shared, "IFNULL(a.{0}, '') = '' AND IFNULL(b.{0}, '') <> ''")
    name = quoted(table)
    query = f"""
        SELECT count(*), coalesce(sum(a.{key} IS NULL), 0),
            coalesce(sum(a.{key} IS NOT NULL AND ({differs})), 0), coalesce(sum(a.{key} IS NOT NULL AND ({blank})), 0)
        FROM earlier.{name} b LEFT JOIN main.{name} a ON a.{key} = b.{key}
    """  # noqa: S608
    before, removed, changed, blanked = connection.execute(query).fetchone()
    after = connection.execute(f"SELECT count(*) FROM main.{name}").fetchone()[0]  # noqa: S608
    return TableChange(table, before, after, removed, changed, blanked)


def _any(columns: list[str], condition: str) -> str:
    """The condition for any of the columns."""
    return " OR ".join(condition.format(quoted(column)) for column in columns) or "0"
