"""The rows that are put back, laid ready on the server: a temporary table of this transaction for each of theirs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from psycopg import sql

from backups.engines.identifiers import quoted
from backups.engines.plans import TablePlan
from backups.engines.postgres.connection import Connection
from backups.engines.postgres.shapes import Shape
from backups.engines.putting import refused
from backups.engines.rows import Value
from smsops.text import count_text

AND, COMMA = sql.SQL(" AND "), sql.SQL(", ")


@dataclass(frozen=True)
class PickedTable:
    """One table of the plan, with its rows in a temporary table of the columns c0, c1, … and `was`."""

    plan: TablePlan
    shape: Shape
    number: int

    @property
    def picked(self) -> sql.Identifier:
        return sql.Identifier("pg_temp", f"smsops_picked_{self.number}")

    @cached_property
    def pairs(self) -> dict[str, tuple[sql.Identifier, sql.Identifier]]:
        """Each column that gets its old value: the live row's `n`, and the picked row's `p`."""
        columns = enumerate(self.plan.columns)
        return {name: (sql.Identifier("n", name), sql.Identifier("p", f"c{at}")) for at, name in columns}

    @property
    def match(self) -> sql.Composable:
        return AND.join(sql.SQL("{} = {}").format(*self.pairs[name]) for name in self.plan.key)

    @property
    def same(self) -> sql.Composable:
        """Compared as text: what has no equality of its own (json) has that, and 1.0 is not 1.00."""
        each = sql.SQL('{}::text COLLATE "C" IS NOT DISTINCT FROM {}::text COLLATE "C"')
        return sql.SQL("({})").format(AND.join(each.format(*pair) for pair in self.pairs.values()))

    def format(self, query: str) -> sql.Composed:
        """The query with the names of this table in it."""
        named = {"live": self.shape.sql, "picked": self.picked, "match": self.match, "same": self.same}
        return sql.SQL(query).format(**named)


def lay_ready(connection: Connection, work: PickedTable, backup: sqlite3.Connection) -> None:
    """Write the old values into a temporary table of the same types."""
    columns = work.plan.columns
    make = sql.SQL("CREATE TEMPORARY TABLE {} ({}, was) ON COMMIT DROP AS SELECT {}, ''::text FROM {} WITH NO DATA")
    names = COMMA.join(sql.Identifier(f"c{at}") for at in range(len(columns)))
    name = sql.Identifier(f"smsops_picked_{work.number}")
    connection.execute(make.format(name, names, COMMA.join(map(sql.Identifier, columns)), work.shape.sql))
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(work.picked)) as copy:
        for row in _old_values(work, backup):
            copy.write_row(row)
    connection.execute(sql.SQL("ANALYZE {}").format(work.picked))


def _old_values(work: PickedTable, backup: sqlite3.Connection) -> Iterator[tuple[Value, ...]]:
    listed, plan = ", ".join(map(quoted, work.plan.columns)), work.plan
    known = " AND ".join(f"{quoted(name)} = ?" for name in plan.key)
    query = f"SELECT {listed} FROM {quoted(plan.table)} WHERE {known}"  # noqa: S608
    for row in plan.rows:
        values = backup.execute(query, row.key).fetchone()
        if values is None:
            raise refused(f"the backup did not give the {count_text(len(plan.rows), 'row')} of {plan.table}")
        yield (*values, row.was)
