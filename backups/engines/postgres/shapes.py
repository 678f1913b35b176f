"""What the tables of a PostgreSQL database look like, as far as rows are told apart and put back by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from psycopg import sql

from backups.engines.postgres.catalog import COLUMNS, INDEXES, REFERENCES, TRIGGERS
from backups.engines.postgres.connection import Connection, known

T = TypeVar("T")
WHOLE = frozenset({"int2", "int4", "int8"})


@dataclass(frozen=True)
class Column:
    """A stored column. `whole`: it holds whole numbers; `fixed`: the server alone gives it its number, unless told
    otherwise; `sequence`: where new numbers come from, as SQL."""

    name: str
    whole: bool
    filled: bool
    defaulted: bool
    fixed: bool
    sequence: str | None


@dataclass(frozen=True)
class Reference:
    """Rows refer by `columns` to `targets` of the table that is known as `parent`."""

    parent: str
    columns: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """A table. `key` tells its rows apart: the primary key, else a unique index without gaps, else (empty) nothing."""

    name: str
    sql: sql.Identifier
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    uniques: tuple[tuple[str, ...], ...]
    references: tuple[Reference, ...]
    triggers: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def whole(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if column.whole)


def shapes(connection: Connection) -> dict[str, Shape]:
    """Every table a dump has rows of, by the name it is known by; generated columns are left out."""
    names: dict[int, tuple[str, str]] = {}
    columns: dict[int, list[Column]] = {}
    for oid, schema, table, column, kind, *facts in connection.execute(COLUMNS.encode()):
        names[oid] = (schema, table)
        columns.setdefault(oid, [])
        if column is not None:
            columns[oid].append(Column(column, kind in WHOLE, *facts))
    uniques = _by_table((oid, (primary, tuple(of))) for oid, primary, of in connection.execute(INDEXES.encode()))
    triggers = _by_table((oid, name) for oid, name in connection.execute(TRIGGERS.encode()))
    references = _by_table(
        (child, Reference(known(*names[parent]), tuple(of), tuple(to)))
        for child, parent, of, to in connection.execute(REFERENCES.encode())
        if parent in names
    )
    return {
        known(*names[oid]): Shape(
            known(*names[oid]),
            sql.Identifier(*names[oid]),
            tuple(columns[oid]),
            _key(columns[oid], uniques.get(oid, [])),
            tuple(of for _, of in uniques.get(oid, [])),
            tuple(references.get(oid, [])),
            tuple(triggers.get(oid, [])),
        )
        for oid in names
    }


def _by_table(found: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    by_table: dict[int, list[T]] = {}
    for oid, each in found:
        by_table.setdefault(oid, []).append(each)
    return by_table


def _key(columns: list[Column], uniques: list[tuple[bool, tuple[str, ...]]]) -> tuple[str, ...]:
    filled = {column.name for column in columns if column.filled}
    return next((of for primary, of in uniques if of and (primary or {*of} <= filled)), ())
