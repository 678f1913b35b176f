"""The rows to put back while a plan is made: keys in temporary tables, closed over the references between tables.

Everything is a set in SQLite's own temporary file, so that a hundred thousand rows cost no memory here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from backups.engines.identifiers import quoted
from backups.engines.rows import Key, Kind, comparable, where
from backups.engines.tables import ForeignKey, Pair, Table, foreign_keys, pairs, tables
from smsops.errors import WrongUse

Chosen = Mapping[str, Sequence[Key | Kind]]

# Why a row was picked. CHANGED: chosen together with what was written since; SAME: chosen, but is now as it was.
CHOSEN, CHANGED, CHILD, NEEDED = "chosen", "changed", "child", "needed"
OFFERED, LEFT, SAME = "offered", "left", "same"
PUT = "('chosen', 'changed', 'child', 'needed')"


@dataclass
class Picks:
    """The picked rows of every table, by lower-case names; `absent` were chosen but the backup has no such row."""

    connection: sqlite3.Connection
    pairs: dict[str, Pair] = field(default_factory=dict)
    live: dict[str, Table] = field(default_factory=dict)
    references: list[ForeignKey] = field(default_factory=list)
    absent: list[tuple[str, Key]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pairs = pairs(self.connection)
        self.live = tables(self.connection, "main")
        self.references = list(foreign_keys(self.connection, self.live))
        for name, each in self.pairs.items():
            create(self.connection, self.sql(name), each, "why")

    def sql(self, name: str) -> str:
        return pick_name(list(self.pairs).index(name))

    def choose(self, chosen: Chosen, why: str = CHOSEN) -> None:
        """Pick what a person named. Raises WrongUse for a table that cannot be compared, and for kind “added”."""
        for table, wanted in chosen.items():
            comparable(self.connection, table)
            for each in wanted:
                if isinstance(each, Kind):
                    self._choose_kind(table.lower(), each, why)
                else:
                    self._choose_key(table, each, why)

    def _choose_kind(self, name: str, kind: Kind, why: str) -> None:
        if kind is Kind.ADDED:
            raise WrongUse("Rows added since the backup are not in it: there is nothing to put back.")
        self._add(name, where(self.pairs[name], kind), CHANGED if kind is Kind.CHANGED and why == CHOSEN else why)

    def _choose_key(self, table: str, key: Key, why: str) -> None:
        each = self.pairs[table.lower()]
        if len(key) != len(each.key):
            raise WrongUse(f"A row of {table} is known by {', '.join(each.key)}, not by {len(key)} values.")
        named = " AND ".join(f"{column} = ?" for column in each.keys("t"))
        query = f"SELECT EXISTS (SELECT 1 FROM {each.then.sql} t WHERE {named})"  # noqa: S608
        try:
            found = self.connection.execute(query, key).fetchone()[0]
        except (OverflowError, UnicodeEncodeError):
            found = 0  # no such value can be in a database
        if not found:
            self.absent += [(each.now.name, key)] if why == CHOSEN else []
            return
        self._add(table.lower(), f"FROM {each.then.sql} t WHERE {named}", why, key)

    def _add(self, name: str, rest: str, why: str, values: Key = ()) -> int:
        """Pick the earlier rows `t` of a query; the first reason a row was picked for stays."""
        keys = ", ".join(self.pairs[name].keys("t"))
        statement = f"INSERT OR IGNORE INTO {self.sql(name)} SELECT {keys}, ? {rest}"
        return self.connection.execute(statement, (why, *values)).rowcount

    def add_children(self, wanted: Collection[str], why: str) -> None:
        """Pick rows of the `wanted` tables that refer to picked rows and are missing or hidden now, and theirs."""
        names = {name.lower() for name in wanted}
        edges = [each for each in self._edges() if each.child in names]
        while sum(self._add(each.child, self._children(each), why) for each in edges):
            pass

    def add_parents(self) -> None:
        """Pick the rows that picked rows refer to and that are missing now, and theirs."""
        edges = self._edges()
        while sum(self._add(each.parent, self._parents(each), NEEDED) for each in edges):
            pass

    def _edges(self) -> list[ForeignKey]:
        """References between rows that the backup has too."""
        return [
            each
            for each in self.references
            if self.known(each)
            and each.parent in self.pairs
            and set(each.targets) <= set(self.pairs[each.parent].shared)
        ]

    def known(self, edge: ForeignKey) -> bool:
        """Whether the backup has the columns that refer; SQLite itself refuses references of unequal length."""
        child = self.pairs.get(edge.child)
        return child is not None and {*edge.columns} <= {*child.shared} and len(edge.columns) == len(edge.targets)

    def _children(self, edge: ForeignKey) -> str:
        child, parent = self.pairs[edge.child], self.pairs[edge.parent]
        refers = _equal("a", edge.targets, "t", edge.columns)
        # CROSS JOIN holds SQLite to this order: picks are few, tables are long
        return f"""
            FROM {self.sql(edge.parent)} p CROSS JOIN {parent.then.sql} a ON {_picked(parent, "a")}
            CROSS JOIN {child.then.sql} t ON {refers}
            LEFT JOIN {child.now.sql} n ON {child.match("n", "t")}
            WHERE p.why <> 'left' AND ({child.missing("n")} OR {child.hidden})
        """

    def _parents(self, edge: ForeignKey) -> str:
        child, parent = self.pairs[edge.child], self.pairs[edge.parent]
        return f"""
            FROM {self.sql(edge.child)} p CROSS JOIN {child.then.sql} c ON {_picked(child, "c")}
            CROSS JOIN {parent.then.sql} t ON {_equal("t", edge.targets, "c", edge.columns)}
            WHERE p.why IN {PUT} AND NOT EXISTS (SELECT 1 FROM {parent.now.sql} a
                WHERE {_equal("a", edge.targets, "c", edge.columns)})
        """  # noqa: S608

    def orphans(self, edge: ForeignKey) -> list[Key]:
        """Picked rows whose parent is neither there now nor picked; those that lack the same parent now are let be."""
        if not self.known(edge):
            return []
        child, parent = self.pairs[edge.child], self.pairs.get(edge.parent)
        filled = " AND ".join(f"t.{quoted(column)} IS NOT NULL" for column in edge.columns)
        same = " AND ".join(f"n.{quoted(column)} IS t.{quoted(column)}" for column in edge.columns)
        refers = _equal("a", edge.targets, "t", edge.columns)
        found = f"EXISTS (SELECT 1 FROM {self.live[edge.parent].sql} a WHERE {refers})"  # noqa: S608
        if parent and edge in self._edges():
            found += f""" OR EXISTS (SELECT 1 FROM {parent.then.sql} a CROSS JOIN {self.sql(edge.parent)} p
                ON {_picked(parent, "a")} WHERE p.why IN {PUT} AND {refers})"""  # noqa: S608
        query = f"""{self.selected(edge.child)} LEFT JOIN {child.now.sql} n ON {child.match("n", "t")}
            WHERE p.why IN {PUT} AND {filled} AND NOT ({found}) AND ({child.missing("n")} OR NOT ({same}))"""
        return self.connection.execute(query).fetchall()

    def selected(self, name: str, more: str = "") -> str:
        """SELECT the keys (and more) of the picked rows `p` and the backup's rows `t`."""
        each = self.pairs[name]
        what = ", ".join(each.keys("t")) + (f", {more}" if more else "")
        return f"SELECT {what} FROM {self.sql(name)} p CROSS JOIN {each.then.sql} t ON {each.match('t', 'p')}"  # noqa: S608

    def set_same_aside(self) -> None:
        """Mark the rows that are now as they were: nothing is written for them."""
        for name, each in self.pairs.items():
            keys = ", ".join(f"k{number}" for number in range(len(each.key)))
            same = f"{self.selected(name)} JOIN {each.now.sql} n ON {each.match('n', 't')} WHERE NOT {each.differs}"
            statement = f"UPDATE {self.sql(name)} SET why = '{SAME}' WHERE why IN {PUT} AND ({keys}) IN ({same})"  # noqa: S608
            self.connection.execute(statement)

    def inserts(self, name: str, more: str) -> str:
        """SELECT (as `selected`) the picked rows that are missing now."""
        each = self.pairs[name]
        missing = f"LEFT JOIN {each.now.sql} n ON {each.match('n', 't')} WHERE p.why IN {PUT} AND {each.missing('n')}"
        return f"{self.selected(name, more)} {missing}"

    def count(self, name: str, reasons: str = PUT) -> int:
        query = f"SELECT count(*) FROM {self.sql(name)} WHERE why IN {reasons}"  # noqa: S608
        return int(self.connection.execute(query).fetchone()[0])


def pick_name(number: int) -> str:
    """The temporary table of the table with this number."""
    return f"temp.picked_{number}"


def create(connection: sqlite3.Connection, name: str, each: Pair, column: str) -> None:
    """Make a temporary table for keys, with one more column."""
    keys = ", ".join(f"k{number}" for number in range(len(each.key)))
    connection.execute(f"CREATE TABLE {name} ({keys}, {column}, PRIMARY KEY ({keys})) WITHOUT ROWID")


def _picked(each: Pair, alias: str) -> str:
    names = [each.then.row_name] if each.by_rowid else each.key
    return " AND ".join(f"{alias}.{quoted(name)} = p.k{number}" for number, name in enumerate(names))


def _equal(one: str, columns: Sequence[str], other: str, others: Sequence[str]) -> str:
    pairs_ = zip(columns, others, strict=True)
    return " AND ".join(f"{one}.{quoted(a)} = {other}.{quoted(b)}" for a, b in pairs_)
