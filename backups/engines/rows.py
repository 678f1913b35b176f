"""What differs between a backup and the live SQLite database, row by row (features B11).

SQLite joins both files on their keys in one statement per table, so that no row but a page's ever reaches Python.
A value is the same when SQLite calls it so under binary collation: 1 and 1.0 are, 'a' and 'A' are not.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from backups.engines.identifiers import quoted
from backups.engines.sqlite import check_is_database, connect
from backups.engines.tables import Pair, Table, pair, tables
from smsops.errors import WrongUse

Value = int | float | str | bytes | None
Key = tuple[Value, ...]


class Kind(StrEnum):
    """What became of a row since the backup. A hidden row (soft delete) is not also counted as changed."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class TableDifference:
    """How one table differs. `only_in` is “then”, “now” or empty; with a `problem` its rows could not be compared."""

    table: str
    before: int
    after: int
    added: int = 0
    removed: int = 0
    changed: int = 0
    hidden: int = 0
    only_in: str = ""
    columns_gone: tuple[str, ...] = ()
    columns_new: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Bytes:
    """Stands for bytes that are not shown."""

    size: int


Shown = int | float | str | Bytes | None


@dataclass(frozen=True)
class Cell:
    """One column of a row, in the backup and now; None also where there is no such row or column."""

    column: str
    then: Shown
    now: Shown
    differs: bool


@dataclass(frozen=True)
class RowDifference:
    """One row, by its key; `key_names` says of which columns the key is made."""

    key: Key
    key_names: tuple[str, ...]
    cells: tuple[Cell, ...]


@contextlib.contextmanager
def both(then: Path, now: Path) -> Iterator[sqlite3.Connection]:
    """One connection to the live database as `main` and the quiet backup as `past`; transactions are the caller's."""
    check_is_database(then)
    with connect(now) as connection:
        connection.isolation_level = None
        # text that is no UTF-8 is somebody's data too
        connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("ATTACH DATABASE ? AS past", (f"file:{quote(str(then))}?mode=ro&immutable=1",))
        yield connection


def differences(then: Path, now: Path) -> list[TableDifference]:
    """Every table of either database, sorted by name, as of one moment; writers of a WAL database are not held up."""
    with both(then, now) as connection:
        connection.execute("BEGIN")
        earlier, later = tables(connection, "past"), tables(connection, "main")
        return [_difference(connection, earlier.get(name), later.get(name)) for name in sorted({*earlier, *later})]


def rows(then: Path, now: Path, table: str, kind: Kind, limit: int = 50, offset: int = 0) -> list[RowDifference]:
    """A page of the rows of one kind, ordered by key. Raises WrongUse when the table's rows cannot be compared."""
    with both(then, now) as connection:
        connection.execute("BEGIN")
        each = comparable(connection, table)
        side = "n" if kind is Kind.ADDED else "t"
        order = ", ".join(each.keys(side))
        query = f"""
            SELECT {order}, {_columns("t", each.then)}, {_columns("n", each.now)} {_from(each, side)}
            WHERE {_condition(each, kind)} ORDER BY {order} LIMIT ? OFFSET ?
        """
        return [_row(each, list(found)) for found in connection.execute(query, (limit, offset))]


def comparable(connection: sqlite3.Connection, table: str) -> Pair:
    """The table in both databases. Raises WrongUse when one lacks it, or its rows cannot be told apart."""
    then, now = (tables(connection, schema).get(table.lower()) for schema in ("past", "main"))
    if then is None or now is None:
        where = "the backup" if then is None else "the live database"
        raise WrongUse(f"There is no table {table} in {where}.")
    found = pair(connection, then, now)
    if found is None:
        raise WrongUse(f"{_problem(now)} {table} cannot be compared row by row.")
    return found


def _difference(connection: sqlite3.Connection, then: Table | None, now: Table | None) -> TableDifference:
    before, after = (_count(connection, table) if table else 0 for table in (then, now))
    if then is None or now is None:
        name = (then or now).name  # type: ignore[union-attr]
        only_in = "then" if then else "now"
        return TableDifference(name, before, after, added=after, removed=before, only_in=only_in)
    found = pair(connection, then, now)
    if found is None:
        return TableDifference(now.name, before, after, problem=_problem(now))
    removed, hidden, differ = connection.execute(f"""
        SELECT coalesce(sum({found.missing("n")}), 0), coalesce(sum({found.hidden}), 0),
            coalesce(sum(NOT ({found.missing("n")}) AND {found.differs}), 0) {_from(found, "t")}
    """).fetchone()
    # whatever is there now without having been there before; both keys are unique
    added = after - (before - removed)
    counts = {"added": added, "removed": removed, "changed": differ - hidden, "hidden": hidden}
    return TableDifference(now.name, before, after, **counts, columns_gone=found.gone, columns_new=found.new)


def _problem(table: Table) -> str:
    """Where row numbers can be asked for, only another key is in the way."""
    known = table.row_name or table.primary
    return "The primary key is another one now." if known else "Nothing tells the table's rows apart."


def _count(connection: sqlite3.Connection, table: Table) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table.sql}").fetchone()[0])  # noqa: S608


def _from(each: Pair, side: str) -> str:
    first, second = (each.now, each.then) if side == "n" else (each.then, each.now)
    other = "t" if side == "n" else "n"
    return f"FROM {first.sql} {side} LEFT JOIN {second.sql} {other} ON {each.match(other, side)}"


def _condition(each: Pair, kind: Kind) -> str:
    """The rows of one kind, in the join of `_from`."""
    return {
        Kind.ADDED: each.missing("t"),
        Kind.REMOVED: each.missing("n"),
        Kind.HIDDEN: each.hidden,
        Kind.CHANGED: f"NOT ({each.missing('n')}) AND {each.differs} AND NOT {each.hidden}",
    }[kind]


def where(each: Pair, kind: Kind) -> str:
    """FROM and WHERE for the rows of one kind that the backup has."""
    return f"{_from(each, 't')} WHERE {_condition(each, kind)}"


def _columns(alias: str, table: Table) -> str:
    return ", ".join(f"{alias}.{quoted(column)}" for column in table.columns)


def _row(each: Pair, values: list[Value]) -> RowDifference:
    width = len(each.key)
    split = width + len(each.then.columns)
    then = dict(zip(each.then.columns, values[width:split], strict=True))
    now = dict(zip(each.now.columns, values[split:], strict=True))
    cells = tuple(_cell(column, then.get(column), now.get(column)) for column in dict.fromkeys([*then, *now]))
    return RowDifference(tuple(values[:width]), each.key, cells)


def _cell(column: str, then: Value, now: Value) -> Cell:
    return Cell(column, _shown(then), _shown(now), then != now)


def _shown(value: Value) -> Shown:
    return Bytes(len(value)) if isinstance(value, bytes) else value
