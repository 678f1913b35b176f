"""A PostgreSQL database as one SQLite file to read in, so that rows are compared and chosen by the same code.

Every value is there as the server writes it down, which is also what a dump has and what it reads back without a loss;
whole numbers are numbers, so that they are found by them. Keys, references, unique indexes and triggers are there by
name. The live server pays one plain read of each table for it, all of them as of one moment, and no lock anybody waits
for; what is joined and sorted is joined and sorted here.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from psycopg import IsolationLevel, sql

from backups.engines.identifiers import quoted
from backups.engines.postgres.connection import Connection, connect
from backups.engines.postgres.shapes import Shape, shapes
from backups.engines.sqlite import translate
from backups.engines.tables import MIRROR
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError

# However the server or a role is set up, the same value is written down by the same characters.
ONE_SPELLING = """
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1;
    SET bytea_output = 'hex'; SET lc_monetary = 'C'; SET client_encoding = 'UTF8'; SET row_security = off
"""


def make(url: DatabaseUrl, target: Path) -> None:
    """Write the database as it is at this moment to the new file `target`. OpsError when the server or the disk fails,
    or when names differ only in capitals, which SQLite takes for the same."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with connect(url, autocommit=False) as connection, _new(part) as mirror:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute(ONE_SPELLING.encode())
            found = shapes(connection)
            _refuse_twins(found)
            names: set[str] = set()
            for shape in found.values():
                mirror.execute(_definition(shape))
                _copy(connection, shape, mirror)
                for statement in _more(shape, names):
                    mirror.execute(statement)
            mirror.commit()
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _new(path: Path) -> Iterator[sqlite3.Connection]:
    """A file that is nobody's yet: no journal, no syncing."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript(f"""
                PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000;
                PRAGMA application_id={MIRROR};
            """)
            yield connection
    except sqlite3.Error as error:
        raise translate(error, path) from error


def _refuse_twins(found: dict[str, Shape]) -> None:
    names = [list(found), *(list(shape.names) for shape in found.values())]
    for each in names:
        twins = {name.lower(): name for name in each}
        if len(twins) < len(each):
            first = next(name for name in each if twins[name.lower()] != name)
            said = (
                f"{first} and {twins[first.lower()]} differ only in capitals: single rows cannot be told apart there."
            )
            raise OpsError(said, fix="Restore the whole backup.")


def _definition(shape: Shape) -> str:
    parts = []
    for column in shape.columns:
        filled = " NOT NULL" if column.filled else ""
        # which one is the server's business; it matters only that there is one
        defaulted = " DEFAULT ''" if column.defaulted else ""
        parts.append(f"{quoted(column.name)} {'INTEGER' if column.whole else 'TEXT'}{filled}{defaulted}")
    if shape.key:
        parts.append(f"PRIMARY KEY ({_listed(shape.key)})")
    for each in shape.references:
        of, to = _listed(each.columns), _listed(each.targets)
        parts.append(f"FOREIGN KEY ({of}) REFERENCES {quoted(each.parent)} ({to})")
    return f"CREATE TABLE {quoted(shape.name)} ({', '.join(parts) or 'nothing'})"


def _more(shape: Shape, names: set[str]) -> Iterator[str]:
    """What is made when the rows are there: unique indexes, and triggers; `names` are those of triggers so far."""
    for columns in shape.uniques:
        name = quoted(f"{shape.name}: {', '.join(columns)}")
        yield f"CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {quoted(shape.name)} ({_listed(columns)})"
    for trigger in shape.triggers:
        name = f"{trigger} ({shape.name})" if trigger.lower() in names else trigger
        names.add(name.lower())
        yield f"CREATE TRIGGER {quoted(name)} AFTER INSERT ON {quoted(shape.name)} BEGIN SELECT 1; END"


def _copy(connection: Connection, shape: Shape, mirror: sqlite3.Connection) -> None:
    if not shape.columns:
        return
    insert = f"INSERT INTO {quoted(shape.name)} VALUES ({', '.join('?' * len(shape.columns))})"  # noqa: S608
    listed = sql.SQL(", ").join(map(sql.Identifier, shape.names))
    query = sql.SQL("COPY {} ({}) TO STDOUT").format(shape.sql, listed)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        mirror.executemany(insert, copy.rows())


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, names))
