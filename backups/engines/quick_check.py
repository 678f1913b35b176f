"""SQLite's `quick_check` on two cores: the same verdict, sooner.

SQLite checks one table after the other. Here two connections share the tables between them, and what a check of single
tables leaves out is looked at too: that every page of the file belongs to one thing alone, a tree or the list of free
pages. Only “nothing is wrong” is said this way; at the slightest doubt the one full check is asked, and has the word.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from backups.engines import page_list
from backups.engines.identifiers import quoted

SMALL = 16 * 1024 * 1024  # bytes; below that a second connection gains nothing
Job = Callable[[sqlite3.Connection], bool]
Connect = Callable[[], AbstractContextManager[sqlite3.Connection]]


def problem(connection: sqlite3.Connection, database: Path, connect: Connect) -> str:
    """What `quick_check` says of a quiet database, open as `connection`; empty when nothing is wrong.

    `connect` opens it once more, for another thread. Raises sqlite3.Error when it cannot be checked at all.
    """
    if _or_doubt(lambda: _divisible(connection, database) and _sound(database, _tables(connection), connect)):
        return ""
    said = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    return "" if said == ["ok"] else "; ".join(said)


def _divisible(connection: sqlite3.Connection, database: Path) -> bool:
    """Whether it is worth while, and the page list can be had; where pages are moved about (auto-vacuum) they have a
    map of their own, which the full check knows better."""
    if database.stat().st_size < SMALL or _one(connection, "PRAGMA auto_vacuum"):
        return False
    return any(row[0] == "ENABLE_DBSTAT_VTAB" for row in connection.execute("PRAGMA compile_options"))


def _tables(connection: sqlite3.Connection) -> list[str]:
    """Every table, the schema's own too, the longest first: whoever ends last should not have begun last."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
    names = ["sqlite_master", *(str(row[0]) for row in connection.execute(query))]
    rows = {name: _one(connection, f"SELECT count(*) FROM {quoted(name)}") for name in names}  # noqa: S608
    return sorted(names, key=lambda name: -rows[name])


def _sound(database: Path, tables: list[str], connect: Connect) -> bool:
    """Whether nothing at all is wrong; False also where something could not be read."""
    jobs: deque[Job] = deque([lambda connection: page_list.adds_up(connection, database)])
    jobs.extend(_table_check(table) for table in tables)

    def work() -> bool:
        with connect() as connection:
            while jobs:
                try:
                    job = jobs.popleft()
                except IndexError:  # the other one was quicker
                    break
                if not job(connection):
                    jobs.clear()
                    return False
        return True

    with ThreadPoolExecutor(max_workers=1) as pool:
        other = pool.submit(_or_doubt, work)
        return all([_or_doubt(work), other.result()])


def _or_doubt(work: Callable[[], bool]) -> bool:
    try:
        return work()
    except Exception:  # whatever it was, the full check will name it
        return False


def _table_check(table: str) -> Job:
    return lambda connection: connection.execute(f"PRAGMA quick_check({quoted(table)})").fetchall() == [("ok",)]


def _one(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
