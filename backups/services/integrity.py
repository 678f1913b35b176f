"""Judges data after a change against the data before it (runbook §4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backups.engines.base import TableChange
from backups.engines.sqlite import SqliteEngine
from smsops.text import count_text

REMOVED_ROWS = 3  # people work while a check runs: a few rows removed by hand are no damage
SOME_ROWS = 10
CHANGED_SHARE = 0.2  # of a table's rows; people do not change a fifth of a table within a minute


def losses(changes: list[TableChange], *, migrated: bool) -> list[str]:
    """What looks like damage, one phrase per table. A migration may rewrite rows, but never remove or empty them."""
    found = []
    for change in changes:
        before = count_text(change.before, "row")
        if change.removed > max(REMOVED_ROWS, change.before // 1000):
            found.append(f"{change.table} lost {change.removed:,} of {before}")
        elif change.blanked > max(SOME_ROWS, change.before * CHANGED_SHARE):
            found.append(f"{change.blanked:,} of {before} of {change.table} lost their content")
        elif not migrated and change.changed > max(SOME_ROWS, change.before * CHANGED_SHARE):
            found.append(f"{change.changed:,} of {before} of {change.table} were changed")
    return found


def spoiled(before: Path, after: Path, core_tables: list[str]) -> str:
    """Why a stopped database must not be given back to the old release; empty when it may.

    Another revision or other tables mean the old code does not fit; losses mean the data is damaged. Rows that people
    added meanwhile are no reason: they are kept.
    """
    engine = SqliteEngine()
    old, new = engine.facts(before), engine.facts(after)
    if new.problem:
        return f"quick_check says {new.problem}."
    if old.schema_revision != new.schema_revision:
        return f"the schema had moved from {old.schema_revision or 'none'} to {new.schema_revision or 'none'}."
    if engine.schema(before) != engine.schema(after):
        return "the schema had been changed half-way."
    found = losses(engine.compare(before, after, core_tables), migrated=False)
    return "; ".join(found) + "." if found else ""


@dataclass(frozen=True)
class Drop:
    """A table that has lost rows between two backups."""

    table: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.table} fell from {self.before:,} to {self.after:,}"

    @property
    def severe(self) -> bool:
        """Whether most of it is gone."""
        return self.after * 2 < self.before


def drops(before: Mapping[str, int], after: Mapping[str, int], tables: Sequence[str]) -> list[Drop]:
    """Core tables with far fewer rows than before, the worst first. A few rows fewer are a day's work."""
    found = [Drop(table, before[table], after.get(table, 0)) for table in tables if table in before]
    lost = [drop for drop in found if drop.before - drop.after > max(SOME_ROWS, drop.before * CHANGED_SHARE)]
    return sorted(lost, key=lambda drop: drop.after / drop.before)


def more_orphans(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """By how many the rows that refer to missing ones have grown, by table."""
    return {table: now[table] - before.get(table, 0) for table in now if now[table] > before.get(table, 0)}


def told(counts: Mapping[str, int]) -> str:
    """Tables and counts in words."""
    return ", ".join(f"{count:,} in {table}" for table, count in counts.items())
