"""What a recovery of rows would do, as plain values: written by `recovery.plan`, carried out by `putting.put_back`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backups.engines.rows import Key, Value


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row to put back. `was` is empty when it is missing now, else a digest of the row that stands in its place."""

    key: Key
    was: str
    needed: bool  # nobody chose it, but a chosen row refers to it


@dataclass(frozen=True)
class TablePlan:
    """The rows of one table, and the columns that get their old values.

    `gone` columns the live table no longer has: their values stay in the backup. `new` ones keep what they hold, or
    get their default in a row that is put in.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    rows: tuple[PlannedRow, ...]

    @property
    def inserts(self) -> int:
        return sum(not row.was for row in self.rows)

    @property
    def updates(self) -> int:
        return sum(bool(row.was) for row in self.rows)

    @property
    def needed(self) -> int:
        return sum(row.needed for row in self.rows)


@dataclass(frozen=True)
class Conflict:
    """One thing that stands against the plan. One that `blocks` must be out of the way before anything is put back.

    An empty key: it concerns the whole table. `about` is one of: unchoosable, absent, taken, parent, required, gone,
    edited, trigger.
    """

    table: str
    key: Key
    about: str
    text: str
    blocks: bool = True


@dataclass(frozen=True)
class RecoveryPlan:
    """Tables in the order they are written, parents first. `offered`: how many rows of other tables hang on these and
    are missing or hidden now, by the names to pass as `children`."""

    tables: tuple[TablePlan, ...] = ()
    offered: Mapping[str, int] | None = None
    conflicts: tuple[Conflict, ...] = ()

    @property
    def blocking(self) -> list[Conflict]:
        return [conflict for conflict in self.conflicts if conflict.blocks]

    @property
    def count(self) -> int:
        return sum(len(table.rows) for table in self.tables)


def dump(plan: RecoveryPlan) -> dict[str, Any]:
    """The plan as JSON takes it: a run may keep it and another worker carry it out."""
    return {
        "tables": [
            {
                "names": [table.table, table.key, table.columns, table.gone, table.new],
                "rows": [[_dumped(row.key), row.was, row.needed] for row in table.rows],
            }
            for table in plan.tables
        ],
        "offered": dict(plan.offered or {}),
        "conflicts": [[each.table, _dumped(each.key), each.about, each.text, each.blocks] for each in plan.conflicts],
    }


def load(said: dict[str, Any]) -> RecoveryPlan:
    """The plan that `dump` wrote."""
    tables = []
    for table in said["tables"]:
        name, key, columns, gone, new = table["names"]
        rows = tuple(PlannedRow(_loaded(key), was, needed) for key, was, needed in table["rows"])
        tables.append(TablePlan(name, tuple(key), tuple(columns), tuple(gone), tuple(new), rows))
    conflicts = [
        Conflict(table, _loaded(key), about, text, blocks) for table, key, about, text, blocks in said["conflicts"]
    ]
    return RecoveryPlan(tuple(tables), said["offered"], tuple(conflicts))


def _dumped(key: Key) -> list[Any]:
    return [{"bytes": base64.b64encode(each).decode()} if isinstance(each, bytes) else each for each in key]


def _loaded(key: list[Any]) -> tuple[Value, ...]:
    return tuple(base64.b64decode(each["bytes"]) if isinstance(each, dict) else each for each in key)
