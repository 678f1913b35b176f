"""A check shared between two connections says what SQLite's own full check says."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from backups.engines import quick_check
from backups.engines.sqlite import connect
from smsops.errors import OpsError
from tests.backups.databases import change

PAGE = 4096
FULL = "PRAGMA quick_check(3)"


@pytest.fixture(autouse=True)
def divided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small databases are divided, too."""
    monkeypatch.setattr(quick_check, "SMALL", 0)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Some tables with indexes, overflowing rows and free pages."""
    path = tmp_path / "book.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            'CREATE TABLE students (id INTEGER PRIMARY KEY, name TEXT NOT NULL); CREATE TABLE "a ""word" (v BLOB);'
            "CREATE TABLE grades (id INTEGER PRIMARY KEY AUTOINCREMENT, student INTEGER, mark REAL);"
            "CREATE INDEX by_student ON grades (student); CREATE TABLE gone (v TEXT);"
            "CREATE TABLE pairs (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;"
        )
        connection.executemany("INSERT INTO students VALUES (?, ?)", [(n, f"Student {n}" * 9) for n in range(600)])
        connection.executemany("INSERT INTO grades VALUES (?, ?, 5)", [(n, n % 600) for n in range(1, 9000)])
        connection.executemany("INSERT INTO pairs VALUES (?, ?)", [(str(n), str(n * n)) for n in range(900)])
        connection.executemany("INSERT INTO gone VALUES (?)", [("x" * 900,)] * 600)
        connection.execute('INSERT INTO "a ""word" VALUES (?)', (Random(3).randbytes(90_000),))
        connection.execute("DROP TABLE gone")  # its pages are free now
    return path


def said(path: Path) -> tuple[str, bool]:
    """What the check says, and whether it had to ask the full one."""
    asked: list[str] = []
    with connect(path, quiet=True) as connection:
        connection.set_trace_callback(asked.append)
        return quick_check.problem(connection, path, lambda: connect(path, quiet=True)), FULL in asked


def full(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            found = "; ".join(row[0] for row in connection.execute(FULL))
        except sqlite3.Error as error:
            return str(error)
    return "" if found == "ok" else found


def root_of(path: Path, name: str) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        return int(connection.execute(query, (name,)).fetchone()[0])


def change_schema(path: Path, old: str, new: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        query = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'students'"
        connection.execute(query, (old, new))


@contextlib.contextmanager
def edited(path: Path) -> Iterator[bytearray]:
    data = bytearray(path.read_bytes())
    yield data
    path.write_bytes(data)


def test_a_sound_database_is_sound_without_the_full_check(book: Path) -> None:
    assert full(book) == ""
    assert said(book) == ("", False)


def test_a_small_database_is_checked_by_sqlite_alone(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_check, "SMALL", book.stat().st_size + 1)
    assert said(book) == ("", True)


def test_a_database_with_auto_vacuum_is_checked_by_sqlite_alone(book: Path) -> None:
    change(book, "PRAGMA auto_vacuum=FULL")
    with contextlib.closing(sqlite3.connect(book)) as connection:
        connection.execute("PRAGMA auto_vacuum=FULL")
        connection.execute("VACUUM")
    assert said(book) == ("", True)


def test_a_page_that_two_tables_share_is_noticed(book: Path) -> None:
    students, grades = (slice(at := (root_of(book, name) - 1) * PAGE + 8, at + 4) for name in ("students", "grades"))
    with edited(book) as data:  # both begin with an inner page: let one lead to the other's last child
        data[grades] = data[students]
    problem, asked = said(book)
    assert asked
    assert problem == full(book) != ""


def test_a_page_nobody_has_is_noticed(book: Path) -> None:
    with edited(book) as data:
        data += bytes(PAGE)
        data[28:32] = struct.pack(">I", len(data) // PAGE)
    assert said(book) == (full(book), True)
    assert "never used" in full(book)


def test_free_pages_that_lead_in_a_circle_are_noticed(book: Path) -> None:
    with edited(book) as data:
        (trunk,) = struct.unpack_from(">I", data, 32)
        data[(trunk - 1) * PAGE : (trunk - 1) * PAGE + 4] = struct.pack(">I", trunk)
    assert said(book) == (full(book), True)
    assert full(book) != ""


def test_fewer_free_pages_than_the_file_says_are_noticed(book: Path) -> None:
    with edited(book) as data:
        (many,) = struct.unpack_from(">I", data, 36)
        data[36:40] = struct.pack(">I", many + 1)
    assert said(book) == (full(book), True)
    assert full(book) != ""


def test_a_missing_value_where_none_may_be_missing_is_noticed(book: Path) -> None:
    with contextlib.closing(sqlite3.connect(book)) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'students'")
    change(book, "UPDATE students SET name = NULL WHERE id = 5")
    with contextlib.closing(sqlite3.connect(book)) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'TEXT', 'TEXT NOT NULL') WHERE name = 'students'"
        )
    assert said(book) == (full(book), True)
    assert "NULL value in students.name" in full(book)


@pytest.mark.parametrize("seed", range(4))
def test_both_agree_on_random_damage(book: Path, seed: int) -> None:
    chance, sound = Random(seed), book.read_bytes()
    found = agreed = 0
    for _ in range(75):
        data = bytearray(sound)
        at = chance.randrange(len(data))
        if chance.random() < 0.7:
            data[at] ^= 1 << chance.randrange(8)
        else:
            data[at // PAGE * PAGE : at // PAGE * PAGE + PAGE] = bytes(PAGE)
        book.write_bytes(data)
        expected = full(book)
        with contextlib.suppress(OpsError):  # it cannot be opened at all
            assert bool(said(book)[0]) == bool(expected), (at, expected)
            agreed += 1
        found += bool(expected)
    assert agreed >= 70
    assert found > 10
