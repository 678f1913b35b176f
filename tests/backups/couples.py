"""Two databases, as it was then and as it is now: made, compared, and rows put back from one into the other."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

from backups.engines.plans import RecoveryPlan
from backups.engines.putting import PutBack, put_back
from backups.engines.rows import Kind, TableDifference, differences

Rows = dict[object, tuple[object, ...]]

ODD = 'a "table" of\nselect \'; --'
TABLES = (
    "(id INTEGER PRIMARY KEY, a, deleted_at)",
    "(id TEXT PRIMARY KEY, a, deleted_at)",
    "(id INTEGER, a, deleted_at, PRIMARY KEY (id)) WITHOUT ROWID",
    "(id INT NOT NULL UNIQUE, k DEFAULT 'x', a, deleted_at, PRIMARY KEY (k, id))",
)
VALUES = (None, 0, 1, 1.5, "", "a", "A", "1", b"a", b"")
HANGING = ("grades", "attendances", "course_enrollments", "daily_performances", "highlights")
ALL = {"students": [Kind.REMOVED, Kind.HIDDEN]}
FAMILY = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE, deleted_at);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES Parent, note);
CREATE TABLE grandchild (id INTEGER PRIMARY KEY, child INTEGER REFERENCES child (ID), self REFERENCES grandchild);
INSERT INTO parent VALUES (1, 'a', NULL), (2, 'b', NULL);
INSERT INTO child VALUES (10, 1, 'x'), (20, 2, 'y'), (11, 1, 'z');
INSERT INTO grandchild VALUES (100, 10, NULL), (200, 20, 100);
"""
WIPE = "DELETE FROM grandchild; DELETE FROM child; DELETE FROM parent;"


def script(path: Path, statements: str) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements)
    return path


def couple(folder: Path, before: str, since: str) -> tuple[Path, Path]:
    """A database made by one script, and a copy that lived through another."""
    then = script(folder / "was.db", before)
    now = Path(shutil.copy2(then, folder / "is.db"))
    return then, script(now, since)


def delete_students(live: Path, where: str = "id > 0") -> None:
    found = f"(SELECT id FROM students WHERE {where})"
    script(live, "".join(f"DELETE FROM {table} WHERE student_id IN {found};" for table in HANGING))
    script(live, f"DELETE FROM students WHERE {where}")


def contents(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        said = sorted(connection.iterdump())
    connection.close()
    return said


def difference(then: Path, now: Path, table: str) -> TableDifference:
    return next(each for each in differences(then, now) if each.table == table)


def counts(then: Path, now: Path, table: str) -> tuple[int, int, int, int]:
    """Added, removed, changed, hidden."""
    found = difference(then, now, table)
    return found.added, found.removed, found.changed, found.hidden


def abouts(found: RecoveryPlan) -> list[tuple[str, object, str]]:
    return [(each.table, each.key, each.about) for each in found.conflicts]


def nothing() -> None:
    """A guard that lets everything pass."""


def recover(then: Path, now: Path, found: RecoveryPlan) -> list[PutBack]:
    return put_back(found, then, now, nothing)


def scramble(random: Random, path: Path) -> Rows:
    """Replace rows at random; return all that are there."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for key in random.sample(range(12), random.randrange(13)):
            row = (key, random.choice(VALUES), random.choice((None, "2026-01-01")))
            connection.execute("DELETE FROM t WHERE id = ?", (key,))
            if random.random() < 0.7:
                connection.execute("INSERT INTO t (id, a, deleted_at) VALUES (?, ?, ?)", row)
        return {row[0]: row for row in connection.execute("SELECT id, a, deleted_at FROM t")}


def lives(folder: Path, columns: str, count: int) -> Iterator[tuple[Path, Path, Rows, Rows]]:
    """So many couples of a table `t` that rows came into and left at random: then, now, and the rows of both."""
    for number in range(count):
        random, own = Random(number), folder / str(number)
        own.mkdir()
        then, now = couple(own, f"CREATE TABLE t {columns}", "")
        was = scramble(random, then)
        shutil.copy2(then, now)
        yield then, now, was, scramble(random, now)
