"""A program of its own that plays dumps and looks into databases from elsewhere: `python -m backups.adoption.cage`.

Whatever a file makes SQLite do happens in here, with bounded time, memory and files, and ends with the worker that
started it. It prints one JSON document: what it found, or `{"refused": SENTENCE}`. Standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from backups.adoption import bars, dump
from backups.adoption.limits import Limits
from backups.adoption.refusal import Refused

PAGE = 4096
HEADER = 100  # bytes
STEPS = 200_000  # of SQLite's machine between two looks at the clock
PR_SET_PDEATHSIG = 1
MOST_TABLES = 1000
SHOWN = 20  # views and triggers
SLACK = 16 * 1024 * 1024  # bytes of files beside the database


def main(words: list[str]) -> int:
    """`play DUMP TARGET LIMITS` or `look DATABASE LIMITS`; the exit code is 0 whatever was found."""
    limits = Limits.loads(words[-1])
    _lock(limits)
    try:
        source = Path(words[1])
        found = play(source, Path(words[2]), limits) if words[0] == "play" else look(source, limits)
    except Refused as error:
        found = {"refused": str(error)}
    except MemoryError:
        found = {"refused": "It needs more memory than a file from elsewhere is given."}
    json.dump(found, sys.stdout)
    return 0


def _lock(limits: Limits) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if str(os.getppid()) != os.environ.get("SMSOPS_WORKER"):
        sys.exit(1)  # the worker was gone before that
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    cpu = int(limits.seconds) + 10
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, limits.size + SLACK),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


@contextlib.contextmanager
def _behind_bars(uri: str, limits: Limits, guard: bars.Bars) -> Iterator[sqlite3.Connection]:
    """A connection that may do what `guard` allows; SQLite's complaints come out as Refused."""
    end = time.monotonic() + limits.seconds
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, cached_statements=0)
    try:
        connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        bars.limit(connection)
        yield connection
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        raise Refused(_said(error, guard, limits)) from error
    finally:
        connection.close()


def _said(error: Exception, guard: bars.Bars, limits: Limits) -> str:
    text = " ".join(str(error).split())[:200]
    if guard.refused:
        return f"It wants to {guard.refused}; that is not done with a file from elsewhere."
    if text == "interrupted":
        return f"It takes longer than {limits.seconds:.0f} s."
    if "full" in text or "disk I/O" in text:
        return f"It makes a database of more than {limits.size // 1000**2:,} MB, or the disk is full."
    return f"SQLite says: {text}."


def play(source: Path, target: Path, limits: Limits) -> dict[str, Any]:
    """Make the new database `target` of a dump, in one transaction; returns how many statements that were."""
    guard = bars.Bars(playing=True)
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with source.open("rb") as file, _behind_bars(f"file:{quote(str(target))}", limits, guard) as connection:
        connection.create_function("unistr", 1, unistr, deterministic=True)
        for pragma in (f"page_size={PAGE}", "journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE",
                       "temp_store=MEMORY", f"max_page_count={max(1, limits.size // PAGE)}"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        connection.set_authorizer(guard)
        count = _play_all(connection, file, guard)
        connection.set_authorizer(None)
        connection.execute("COMMIT")
    if guard.began and not guard.ended:
        raise Refused("It is cut off: it begins with BEGIN and has no COMMIT at its end.")
    return {"statements": count}


def _play_all(connection: sqlite3.Connection, file: Any, guard: bars.Bars) -> int:
    count = 0
    for line, text in dump.statements(file):
        try:
            count += _play_one(connection, text)
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            where = f"Line {line}: "
            if guard.refused:
                raise Refused(f"{where}it wants to {guard.refused}; smsops does not play that.") from error
            if isinstance(error, sqlite3.OperationalError) and str(error) in (
                "interrupted",
                "database or disk is full",
            ):
                raise
            raise Refused(f"{where}SQLite says: {' '.join(str(error).split())[:200]}.") from error
    return count


def _play_one(connection: sqlite3.Connection, text: str) -> int:
    try:
        connection.execute(text)
    except (sqlite3.Warning, sqlite3.ProgrammingError) as error:
        if "one statement at a time" not in str(error):
            raise
        parts = list(dump.split(text))
        for part in parts:
            connection.execute(part)
        return len(parts)
    return 1


def unistr(text: str | None) -> str | None:
    """SQLite's own of 3.50, by which its shell writes control characters, as `\\XXXX`, `\\+XXXXXX`, `\\uXXXX`."""
    if text is None:
        return None
    out, rest = [], str(text)
    while rest:
        plain, slash, rest = rest.partition("\\")
        out.append(plain)
        if not slash:
            break
        if rest.startswith("\\"):
            out.append("\\")
            rest = rest[1:]
            continue
        skip, length = {"+": (1, 6), "u": (1, 4), "U": (1, 8)}.get(rest[:1], (0, 4))
        out.append(chr(int(rest[skip : skip + length], 16)))
        rest = rest[skip + length :]
    return "".join(out)


def look(database: Path, limits: Limits) -> dict[str, Any]:
    """Check a database that nobody uses: its header, its schema, every page. Returns tables with their row counts, the
    schema revision, and the names of its views and triggers."""
    check_header(database)
    guard = bars.Bars(playing=False)
    with _behind_bars(f"file:{quote(str(database))}?mode=ro&immutable=1", limits, guard) as connection:
        connection.set_authorizer(guard)
        extras = _schema(connection)
        said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
        if said != ["ok"]:
            raise Refused(f"It is damaged: {'; '.join(said)[:300]}.")
        tables = _tables(connection)
        if len(tables) > MOST_TABLES:
            raise Refused(f"It has {len(tables):,} tables; SMS has a few dozen.")
        counts = {name: connection.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()[0] for name in tables}  # noqa: S608
        revision = _revision(connection) if "alembic_version" in tables else ""
    return {"tables": counts, "revision": revision, "extras": extras}


def check_header(database: Path) -> None:
    """Raise Refused when the header is not one, or tells of another file than this."""
    size = database.stat().st_size
    with database.open("rb") as file:
        head = file.read(HEADER)
    if len(head) < HEADER or not head.startswith(b"SQLite format 3\0"):
        raise Refused("It is cut off: not even its header is whole.")
    page = _number(head, 16, 2)
    page = 65536 if page == 1 else page
    if page < 512 or page & (page - 1):
        raise Refused(f"Its header is not that of an SQLite database: pages of {page} bytes.")
    pages = _number(head, 28, 4)
    # The count is believed only where it was written with the last change (SQLite's file format, 1.3.7).
    if pages and _number(head, 24, 4) == _number(head, 92, 4) and pages * page != size:
        state = "cut off" if size < pages * page else "longer than it should be"
        raise Refused(f"It is {state}: its header tells of {pages * page:,} bytes, it has {size:,}.")


def _number(head: bytes, at: int, length: int) -> int:
    return int.from_bytes(head[at : at + length], "big")


def _schema(connection: sqlite3.Connection) -> list[str]:
    """The views and triggers; Refused for what SMS never has and may do harm."""
    extras = []
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
        shown = f"the {kind} “{str(name)[:60]}”"
        if kind not in ("table", "index", "view", "trigger") or (sql is not None and not isinstance(sql, str)):
            raise Refused(f"Its schema is not one: {shown}.")
        if kind == "table" and sql and " ".join(sql.split()[:2]).upper() == "CREATE VIRTUAL":
            raise Refused(f"It has {shown}, a virtual one; SMS has none.")
        word = bars.dangerous(sql or "") if kind in ("view", "trigger") else ""
        if word:
            raise Refused(f"{shown[0].upper()}{shown[1:]} uses “{word}”; that is not taken in.")
        if kind in ("view", "trigger"):
            extras.append(f"{kind} {name}"[:80])
    return extras[:SHOWN]


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return sorted(name for (name,) in found if not name.startswith("sqlite_"))


def _revision(connection: sqlite3.Connection) -> str:
    found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return ",".join(sorted(str(row[0]) for row in found))[:200]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
