"""What a database engine must be able to do for smsops, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from backups.wal.frames import Position


@dataclass(frozen=True)
class Facts:
    """What is known about one database at one moment. `problem` is empty when the engine's own check found none."""

    size: int  # bytes
    page_size: int
    page_count: int
    schema_revision: str
    row_counts: dict[str, int] = field(default_factory=dict)
    problem: str = ""

    @property
    def result(self) -> dict[str, Any]:
        """What a step that made or read it leaves for later ones."""
        return {"row_counts": self.row_counts, "schema_revision": self.schema_revision}


class Counted(Protocol):
    """A database that tells of itself."""

    def size(self) -> int: ...

    def revision(self) -> str: ...

    def row_counts(self) -> dict[str, int]: ...


def unchecked(database: Counted) -> Facts:
    """What it says of itself now; nothing checks it."""
    return Facts(database.size(), 0, 0, database.revision(), database.row_counts())


@dataclass(frozen=True)
class TableChange:
    """How one table differs between two databases, row by row of the earlier one.

    `changed` rows have another value in some shared column; `blanked` ones had something there and have nothing now.
    """

    table: str
    before: int
    after: int
    removed: int
    changed: int
    blanked: int


class Describer(Protocol):
    """What describes a copy that is to be stored."""

    def block(self, database: Path) -> int:
        """The size in bytes of the parts in which a quiet database changes: its pages."""

    def facts(self, database: Path) -> Facts:
        """Check a quiet database (a snapshot, or SMS is stopped) and describe it."""


class Engine(Describer, Protocol):
    """The contract of an engine; paths are those the worker sees."""

    def snapshot(self, source: Path, target: Path) -> Position | None:
        """Write a consistent copy of the live database `source` to the new file `target`, without holding up its
        writers and without syncing it to the disk; returns where in its write-ahead log it stands, where that is known.
        OpsError when the source is missing, is no database of this kind, or the disk is full."""

    def row_counts(self, database: Path) -> dict[str, int]:
        """Rows per table of a database that may be in use."""

    def compare(self, before: Path, after: Path, tables: list[str]) -> list[TableChange]:
        """How `tables` differ; one that is gone has lost all its rows, one that was not there before is left out."""
