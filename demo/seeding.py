"""Fill a new database with a plausible school, on the schema of the oldest release."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from demo import school
from demo.catalogue import releases, write
from demo.sms.backend.passwords import hash_password

# So many enrollments are grown at once: about a fifth of a megabyte, well within the promised 5 %.
STRIDE = 200


class RefusedError(Exception):
    """Nothing was changed; says why."""


@dataclass(frozen=True)
class Order:
    """What to make. `size` in bytes grows the records until the file has it, within 5 %."""

    database: Path
    students: int = 1200
    size: int | None = None
    random_seed: int = 7
    admin: tuple[str, str] | None = None
    replace: bool = False


def make(order: Order) -> dict[str, int]:
    """Make the database under another name and rename it; returns the rows per table."""
    target = order.database
    if not order.replace and target.exists() and target.stat().st_size:
        raise RefusedError(f"{target} already holds a database; use --replace to lose what is in it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    growing = target.with_name(f".{target.name}.seeding")
    _remove(growing)
    try:
        _migrate(growing)
        counts = _fill(growing, order)
        # The log of the old database must not be replayed into the new one.
        _remove(target)
        growing.rename(target)
    finally:
        _remove(growing)
    return counts


def _migrate(database: Path) -> None:
    """The schema, by the migrations of the oldest release itself, run from a copy that may be written to."""
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{database.resolve()}"}
    command = [sys.executable, "backend/run_migrations.py"]
    with TemporaryDirectory(prefix="sms-seed-") as folder:
        tree = write(next(iter(releases())), Path(folder))
        done = subprocess.run(command, cwd=tree, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RefusedError(f"The migrations failed; is demo/requirements.txt installed? {done.stderr[-800:]}")


def _fill(database: Path, order: Order) -> dict[str, int]:
    random = Random(order.random_seed)
    connection = sqlite3.connect(database)
    try:
        # Nobody else knows this file yet, and after a crash it is thrown away: no journal is needed.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        taken = school.pairs(random, order.students)
        _insert(connection, "students", school.students(random, order.students))
        _insert(connection, "courses", school.courses())
        _insert(connection, "course_enrollments", school.enrollments(taken))
        _insert(connection, "highlights", school.highlights(random, order.students))
        _insert(connection, "audit_logs", school.audit())
        _grow(connection, random, taken, order.size)
        if order.admin:
            _admin(connection, *order.admin)
        connection.commit()
        counts = {table: _count(connection, table) for table in school.COLUMNS}
        # The application would switch this on at its first start, and so change the file.
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
    return counts


def _grow(connection: sqlite3.Connection, random: Random, taken: list[school.Pair], size: int | None) -> None:
    """One term of records, or as many terms as the size asks for, each older than the one before."""
    if size is not None and _bytes(connection) > size * 1.05:
        raise RefusedError(f"The students alone already take {_bytes(connection)} bytes; ask for a larger --size.")
    terms = 0
    while size is not None or terms == 0:
        for start in range(0, len(taken), STRIDE):
            if size is not None and _bytes(connection) >= size:
                return
            for table, rows in school.term(random, taken[start : start + STRIDE], 10 * terms).items():
                _insert(connection, table, rows)
        terms += 1


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[school.Row]) -> None:
    columns = school.COLUMNS[table].split()
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _admin(connection: sqlite3.Connection, email: str, password: str) -> None:
    """An administrator the application takes for its own, so that it does not create one."""
    columns = "email, hashed_password, full_name, role, created_at"
    values = (
        email.strip().lower(),
        hash_password(password),
        "System Administrator",
        "admin",
        school.DELETED_AT,
    )
    connection.execute(f"INSERT INTO users ({columns}) VALUES (?, ?, ?, ?, ?)", values)


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _bytes(connection: sqlite3.Connection) -> int:
    query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    return int(connection.execute(query).fetchone()[0])


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
