"""What two SQLite databases, `past` and `main` of one connection, have in common: tables, keys, constraints.

One that is the mirror of another engine's database says so by its `application_id`; its row numbers mean nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from backups.engines.identifiers import quoted

ROW_NAMES = ("rowid", "_rowid_", "oid")
DELETED = "deleted_at"
MIRROR = 0x534D5352  # the application_id of a mirror


@dataclass(frozen=True)
class Table:
    """A table of one schema: stored columns in their order, primary key, and whether it has row numbers.

    Generated columns are left out: their values follow from the others.
    """

    schema: str
    name: str
    columns: tuple[str, ...]
    primary: tuple[str, ...]
    filled: frozenset[str]  # NOT NULL
    required: frozenset[str]  # and without a default
    has_rowid: bool

    @property
    def sql(self) -> str:
        return f"{self.schema}.{quoted(self.name)}"

    @property
    def row_name(self) -> str:
        """A name the row number can be asked by; empty when columns took them all or there is none."""
        taken = {column.lower() for column in self.columns}
        return next((name for name in ROW_NAMES if self.has_rowid and name not in taken), "")


@dataclass(frozen=True)
class Pair:
    """One table in both databases. In SQL the earlier row is `t`, the later one `n`."""

    then: Table
    now: Table
    by_rowid: bool

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The columns a row is known by; the row number where there is no usable primary key."""
        return (self.now.row_name,) if self.by_rowid else self.now.primary

    @cached_property
    def shared(self) -> tuple[str, ...]:
        return tuple(column for column in self.now.columns if column in self.then.columns)

    @property
    def gone(self) -> tuple[str, ...]:
        return tuple(column for column in self.then.columns if column not in self.shared)

    @property
    def new(self) -> tuple[str, ...]:
        return tuple(column for column in self.now.columns if column not in self.shared)

    @property
    def soft(self) -> bool:
        """Whether rows are deleted by a moment in `deleted_at`."""
        return DELETED in self.shared

    def keys(self, alias: str) -> list[str]:
        names = (self.then.row_name,) if self.by_rowid and alias == "t" else self.key
        return [f"{alias}.{quoted(name)}" for name in names]

    def match(self, one: str = "t", other: str = "n") -> str:
        """The condition that two rows have the same key; `p` is a picked key."""
        sides = [_picked(self) if alias == "p" else self.keys(alias) for alias in (one, other)]
        return " AND ".join(f"{a} = {b}" for a, b in zip(*sides, strict=True))

    def missing(self, alias: str) -> str:
        """Behind a LEFT JOIN: there is no such row. Keys are never NULL."""
        return f"{self.keys(alias)[0]} IS NULL"

    def differ(self, column: str) -> str:
        # a column's own collation may call unlike texts equal
        return f"t.{quoted(column)} IS NOT n.{quoted(column)} COLLATE BINARY"

    @property
    def differs(self) -> str:
        return "(" + (" OR ".join(self.differ(column) for column in self.shared) or "0") + ")"

    @property
    def hidden(self) -> str:
        """The row is there in both, and was deleted softly since."""
        name = quoted(DELETED)
        return f"(t.{name} IS NULL AND n.{name} IS NOT NULL)" if self.soft else "(0)"


def _picked(pair: Pair) -> list[str]:
    return [f"p.k{number}" for number in range(len(pair.key))]


def tables(connection: sqlite3.Connection, schema: str) -> dict[str, Table]:
    """The ordinary tables by their lower-case names, as SQLite knows them; none of SQLite's own, none virtual."""
    query = "SELECT name, wr FROM pragma_table_list WHERE schema = ? AND type = 'table' ORDER BY name"
    found = connection.execute(query, (schema,)).fetchall()
    numbered = connection.execute(f"PRAGMA {schema}.application_id").fetchone()[0] != MIRROR
    return {
        name.lower(): _table(connection, schema, name, has_rowid=numbered and not without)
        for name, without in found
        if not name.lower().startswith("sqlite_")
    }


def _table(connection: sqlite3.Connection, schema: str, name: str, *, has_rowid: bool) -> Table:
    columns = connection.execute(f"PRAGMA {schema}.table_info({quoted(name)})").fetchall()
    key = sorted((place, column) for _, column, _, _, _, place in columns if place)
    filled = frozenset(column for _, column, _, not_null, _, _ in columns if not_null)
    required = filled - {column for _, column, _, _, default, _ in columns if default is not None}
    primary = tuple(column for _, column in key)
    return Table(schema, name, tuple(column[1] for column in columns), primary, filled, required, has_rowid)


def pair(connection: sqlite3.Connection, then: Table, now: Table) -> Pair | None:
    """How the rows of both are told apart; None when they cannot be: the key is another one, or there is none."""
    if then.primary == now.primary and now.primary and not any(_nameless(connection, each) for each in (then, now)):
        return Pair(then, now, by_rowid=False)
    if then.primary == now.primary and then.row_name and now.row_name:
        return Pair(then, now, by_rowid=True)
    return None


def _nameless(connection: sqlite3.Connection, table: Table) -> bool:
    """Whether a row has NULL in its key: SQLite lets that happen in tables with row numbers."""
    if not table.has_rowid:
        return False
    empty = " OR ".join(f"{quoted(column)} IS NULL" for column in table.primary)
    return bool(connection.execute(f"SELECT EXISTS (SELECT 1 FROM {table.sql} WHERE {empty})").fetchone()[0])  # noqa: S608


def pairs(connection: sqlite3.Connection) -> dict[str, Pair]:
    """Every table that both databases have and whose rows can be told apart, by its lower-case name."""
    later = tables(connection, "main")
    found = {name: pair(connection, table, later[name]) for name, table in _earlier(connection) if name in later}
    return {name: each for name, each in found.items() if each is not None}


def _earlier(connection: sqlite3.Connection) -> list[tuple[str, Table]]:
    return list(tables(connection, "past").items())


@dataclass(frozen=True)
class ForeignKey:
    """`child` refers by `columns` to `targets` of `parent`; tables by their lower-case names."""

    child: str
    parent: str
    columns: tuple[str, ...]
    targets: tuple[str, ...]


def foreign_keys(connection: sqlite3.Connection, known: dict[str, Table]) -> Iterator[ForeignKey]:
    """Every reference of the live schema `known`, in the spelling of the tables themselves."""
    for child, table in known.items():
        parts: dict[int, list[tuple[str, str, str | None]]] = {}
        for number, _, parent, column, target, *_ in connection.execute(
            f"PRAGMA main.foreign_key_list({quoted(table.name)})"
        ):
            parts.setdefault(number, []).append((parent.lower(), column, target))
        for found in parts.values():
            parent = found[0][0]
            above = known.get(parent)
            named = tuple(target for _, _, target in found if target is not None)
            targets = named or (above.primary if above else ())
            columns = tuple(_spelt(table, column) for _, column, _ in found)
            yield ForeignKey(child, parent, columns, tuple(_spelt(above, each) for each in targets))


def _spelt(table: Table | None, column: str) -> str:
    """The column as its table spells it: SQLite does not care in a reference."""
    known = table.columns if table else ()
    return next((each for each in known if each.lower() == column.lower()), column)


def uniques(connection: sqlite3.Connection, table: Table) -> Iterator[tuple[tuple[str, str], ...]]:
    """Column and collation of every unique index; those with a condition or an expression are left to SQLite."""
    for _, index, unique, _, partial in connection.execute(f"PRAGMA {table.schema}.index_list({quoted(table.name)})"):
        if not unique or partial:
            continue
        parts = connection.execute(f"PRAGMA {table.schema}.index_xinfo({quoted(index)})").fetchall()
        columns = tuple((name, collation) for _, _, name, _, collation, in_key in parts if in_key)
        if all(name in table.columns for name, _ in columns):
            yield columns


def triggers(connection: sqlite3.Connection, table: Table) -> list[str]:
    """The names of the live table's triggers."""
    query = "SELECT name FROM main.sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?) ORDER BY name"
    return [row[0] for row in connection.execute(query, (table.name,))]
