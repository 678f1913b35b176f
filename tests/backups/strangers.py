"""Files from elsewhere: good ones, and every bad one."""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

MORE = "CREATE TABLE students (id INTEGER PRIMARY KEY, name TEXT);\n"


def dump(database: Path, target: Path) -> Path:
    """What the sqlite3 shell's `.dump` writes."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        text = "PRAGMA foreign_keys=OFF;\n" + "\n".join(connection.iterdump()) + "\n"
    target.write_text(text)
    return target


def packed(source: Path, target: Path) -> Path:
    target.write_bytes(gzip.compress(source.read_bytes()))
    return target


def quiet(database: Path, target: Path) -> Path:
    """A copy in one file, without a write-ahead log."""
    with contextlib.closing(sqlite3.connect(database)) as live, contextlib.closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    return target


def edited(database: Path, target: Path, at: int, data: bytes) -> Path:
    """A copy with other bytes at a place."""
    quiet(database, target)
    with target.open("r+b") as file:
        file.seek(at)
        file.write(data)
    return target


def altered(database: Path, target: Path, statement: str) -> Path:
    """A copy in which a statement was carried out."""
    return made(quiet(database, target), statement)


def made(target: Path, statements: str) -> Path:
    with contextlib.closing(sqlite3.connect(target)) as connection, connection:
        connection.executescript(statements)
    return target


def cut(database: Path, target: Path) -> Path:
    quiet(database, target)
    os.truncate(target, target.stat().st_size // 2)
    return target


def text(target: Path, content: str | bytes) -> Path:
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return target


def sparse(target: Path) -> Path:
    with target.open("wb") as file:
        file.truncate(10 * 1000**3)
    return target


def bomb(target: Path) -> Path:
    """Sixty kilobytes of gzip that hold a thousand times as much."""
    with gzip.open(target, "wb", compresslevel=9) as file:
        for _ in range(60):
            file.write(bytes(1000**2))
    return target


def linked(database: Path, target: Path) -> Path:
    target.symlink_to(quiet(database, target.with_suffix(".real")))
    return target


def behind_a_link(database: Path, target: Path) -> Path:
    folder = target.with_suffix(".folder")
    folder.mkdir()
    quiet(database, folder / "x.db")
    link = target.with_suffix(".link")
    link.symlink_to(folder)
    return link / "x.db"


def folder(target: Path) -> Path:
    target.mkdir()
    return target


def pipe(target: Path) -> Path:
    os.mkfifo(target)
    return target


def zipped(database: Path, target: Path) -> Path:
    shutil.make_archive(str(target), "zip", database.parent, database.name)
    return target.with_name(target.name + ".zip")


def half_packed(database: Path, target: Path) -> Path:
    packed(quiet(database, target.with_suffix(".real")), target)
    os.truncate(target, target.stat().st_size // 2)
    return target


Make = Callable[[Path, Path], Path]
BAD: dict[str, tuple[Make, str]] = {
    "a symbolic link": (linked, "is a symbolic link; give the file itself"),
    "a file behind a linked folder": (behind_a_link, "is a symbolic link; give the file itself"),
    "a pipe": (lambda _, to: pipe(to), "is a pipe, not a file"),
    "a folder": (lambda _, to: folder(to), "is a folder, not a file"),
    "a device": (lambda _, to: Path("/dev/zero"), "is a device, not a file"),
    "a path with dots": (lambda db, to: Path(f"{to.parent}/../{to.parent.name}/{quiet(db, to).name}"), "without “..”"),
    "nothing": (lambda _, to: to, "cannot be read: No such file"),
    "an empty file": (lambda _, to: text(to, ""), "is empty"),
    "ten sparse gigabytes": (lambda _, to: sparse(to), "has 10.0 GB; at most 20.0 MB are adopted"),
    "a gzip bomb": (lambda _, to: bomb(to), "holds more than the 20.0 MB that are adopted"),
    "half a gzip file": (half_packed, "is cut off: the end of what is packed in it is missing"),
    "gzip in gzip": (
        lambda db, to: packed(packed(quiet(db, to.with_suffix(".1")), to.with_suffix(".2")), to),
        "is packed more than once",
    ),
    "a zip": (zipped, "is packed with zip. Unpack it"),
    "a picture": (lambda _, to: text(to, b"\x89PNG\r\n\x1a\n\0\0\0"), "is neither a database nor a dump"),
    "a letter": (lambda _, to: text(to, "Dear parents,\nthe school is closed.\n"), "is neither a database nor a dump"),
    "a backup SMS encrypted": (
        lambda _, to: text(to, b"\0\0\1\0\0\x0e" + b'{"name": "x"}}'[:14] + b"\x8f" * 300),
        "was encrypted by SMS",
    ),
    "a dump by PowerShell": (lambda _, to: text(to, MORE.encode("utf-16")), "is UTF-16 text, as PowerShell writes it"),
    "a custom dump": (lambda _, to: text(to, b"PGDMP\1\x0e\0"), "is a dump of PostgreSQL, and"),
    "a plain dump of PostgreSQL": (
        lambda _, to: text(to, "\\restrict x\n--\n-- PostgreSQL database dump\n--\nSET statement_timeout = 0;\n"),
        "is a plain dump of PostgreSQL",
    ),
    "half a database": (cut, "is not adopted. It is cut off: its header tells of"),
    "a header of other pages": (lambda db, to: edited(db, to, 16, b"\x03\x09"), "pages of 777 bytes"),
    "a page of noise": (lambda db, to: edited(db, to, 4096, b"\xff" * 4096), "is not adopted."),
    "a schema of noise": (lambda db, to: edited(db, to, 100, b"\xff" * 300), "SQLite says"),
    "a view that loads code": (
        lambda db, to: altered(db, to, "CREATE VIEW bad AS SELECT load_extension('/tmp/x.so')"),
        "The view “bad” uses “load_extension”",
    ),
    "a trigger that writes the schema": (
        lambda db, to: altered(
            db, to, "CREATE TRIGGER bad AFTER INSERT ON students BEGIN DELETE FROM sqlite_master; END"
        ),
        "The trigger “bad” uses “sqlite_master”",
    ),
    "a virtual table": (lambda db, to: altered(db, to, "CREATE VIRTUAL TABLE bad USING fts5(x)"), "a virtual one"),
    "somebody else's database": (
        lambda db, to: made(to, "CREATE TABLE songs (id); CREATE TABLE singers (id);"),
        "but not one of SMS",
    ),
    "a dump that attaches": (
        lambda _, to: text(to, MORE + "ATTACH '/tmp/smsops-evil.db' AS evil;\n"),
        "Line 2: it wants to attach another database",
    ),
    "a dump that loads code": (
        lambda _, to: text(to, MORE + "SELECT load_extension('evil');\n"),
        "Line 2: it wants to use the function load_extension",
    ),
    "a dump that writes the schema": (
        lambda _, to: text(to, MORE + "PRAGMA writable_schema=ON;\n"),
        "Line 2: it wants to set PRAGMA writable_schema",
    ),
    "a dump that never ends": (
        lambda _, to: text(to, MORE + "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT * FROM c;\n"),
        "Line 2: it wants to run a recursive query",
    ),
    "a dump that calls psql's shell": (
        lambda _, to: text(to, MORE + "\\! touch /tmp/smsops-evil\n"),
        "Line 2 is a command of psql (\\!), not SQL",
    ),
    "a dump that copies with psql": (
        lambda _, to: text(to, MORE + "\\copy students FROM '/etc/passwd'\n"),
        "Line 2 is a command of psql (\\copy), not SQL",
    ),
    "a dump that calls the shell": (
        lambda _, to: text(to, MORE + ".shell touch /tmp/smsops-evil\n"),
        "Line 2 is a command of the sqlite3 shell (.shell), not SQL",
    ),
    "a dump that grows and grows": (
        lambda _, to: text(to, MORE + "INSERT INTO students(name) VALUES ('x');\n"
                           + "INSERT INTO students(name) SELECT a.name||'xxxx' FROM students a;\n" * 40),
        "It makes a database of more than 20 MB",
    ),
    "a dump that was not made well": (
        lambda _, to: text(to, "BEGIN TRANSACTION;\n" + MORE + "ROLLBACK; -- due to errors\n"),
        "the sqlite3 shell met errors",
    ),
    "half a dump": (lambda _, to: text(to, "BEGIN TRANSACTION;\n" + MORE), "It is cut off: it begins with BEGIN"),
    "a dump that ends in a text": (
        lambda _, to: text(to, MORE + "INSERT INTO students VALUES (1, 'Ma"),
        "the statement that begins on line 2 has no end",
    ),
    "a dump in Latin-1": (
        lambda _, to: text(to, MORE.encode() + "INSERT INTO students VALUES (1, 'Zoë');\n".encode("latin-1")),
        "Line 2 is not UTF-8 text",
    ),
    "a dump that is wrong": (
        lambda _, to: text(to, MORE + "INSERT INTO nobody VALUES (1);\n"),
        "Line 2: SQLite says: no such table: nobody",
    ),
}  # fmt: skip
