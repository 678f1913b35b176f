"""What the steps need of SMS's database, whichever engine it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from backups.engines.base import Facts, TableChange
from backups.engines.plans import RecoveryPlan
from backups.engines.putting import PutBack
from backups.models import Proof
from backups.vault.manifest import Manifest
from backups.wal.frames import Position
from smsops.runtimes.base import Told

# Builds a copy where it is told, and calls the other thing as soon as the copy is complete: it may still be digested.
Reader = Callable[[Path, Callable[[], object]], Manifest]


@dataclass(frozen=True)
class Work:
    """For whom a database is changed: the run, the token it works under, a folder of its own (which need not exist),
    and the question whether it still may."""

    run: int
    token: int
    folder: Path
    guard: Callable[[], None]


@dataclass(frozen=True)
class Proven:
    """What a deep check of a copy found: rows per table, what is wrong (empty: nothing), and per table how many rows
    refer to missing ones."""

    row_counts: dict[str, int]
    problem: str = ""
    orphans: dict[str, int] = field(default_factory=dict)


class Live(Protocol):
    """The database SMS works with. `check` and `deep` name what proves a copy of it, `proof` is how far the deep check
    proves one; `noticing` names what would notice that it is damaged."""

    engine: str
    check: str
    noticing: str
    deep: str
    proof: Proof

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def place(self) -> str:
        """Where it is."""

    def exists(self) -> bool:
        """Whether there is one, with anything in it."""

    def size(self) -> int:
        """Its bytes; no copy of it has more."""

    def room(self) -> int | None:
        """Bytes that are free beside it; None where nobody can tell from here."""

    def revision(self) -> str:
        """Its schema revision."""

    def row_counts(self) -> dict[str, int]:
        """Its rows per table."""

    def filled(self, table: str, column: str) -> int:
        """How many rows of a table have something in a column; 0 where there is no such column."""

    def snapshot(self, target: Path) -> Position | None:
        """Copy it, consistently, to the new file `target`; returns where in its write-ahead log the copy stands, where
        it has one and that is known."""


class Copies(Protocol):
    """Copies of it, as they are stored."""

    def lay_out(self, snapshot: Path, before: Path | None) -> Path:
        """The snapshot in the form in which it is stored, as like the stored one `before` as can be."""

    def block(self, copy: Path) -> int:
        """In parts of how many bytes a stored copy changes."""

    def facts(self, copy: Path) -> Facts:
        """Check a stored copy and describe it."""

    def prove(self, copy: Path, work: Work) -> Proven:
        """Check a stored copy as deeply as can be."""

    def end_proof(self, work: Work) -> None:
        """Remove what a `prove` that was killed left."""


class Replaced(Protocol):
    """A restore: the copy takes the live one's place, in one step, and the old one is kept until `forget_old`."""

    def stage(self, work: Work, read: Reader, size: int) -> Facts:
        """Unpack a copy of `size` bytes beside the live one and prove it there."""

    def unstage(self, work: Work) -> None:
        """Remove what `stage` made, or began to make."""

    def settle(self, work: Work) -> str:
        """With SMS stopped, make the live one ready to be exchanged; say how."""

    def unsettle(self, work: Work) -> None:
        """Take `settle` back."""

    def keep(self, work: Work) -> bool:
        """Make sure the live one stays when another takes its place; False when there is none."""

    def unkeep(self, work: Work) -> None:
        """Take `keep` back."""

    def staged(self, work: Work) -> bool:
        """Whether the copy still waits beside the live one."""

    def swap(self, work: Work) -> None:
        """Let the copy take the live one's place: the commit point."""

    def swap_back(self, work: Work) -> bool:
        """Let the old one take its place again; False when it is in its place."""

    def by_hand(self, work: Work) -> list[str]:
        """How a person would do that."""

    def old(self, work: Work) -> Path | None:
        """The old one in the form in which copies are stored; None when there was none."""

    def forget_old(self, work: Work) -> None:
        """Let go of the old one."""


class Held(Protocol):
    """A deploy: a copy of the stopped database is held, and takes its place when the new release spoiled it."""

    def hold(self, work: Work) -> Facts | None:
        """Copy the stopped database; None when there is none."""

    def held(self, work: Work) -> bool:
        """Whether there is such a copy."""

    def compare(self, work: Work, tables: list[str]) -> list[TableChange]:
        """How the live one differs from the copy."""

    def spoiled(self, work: Work, tables: list[str]) -> str:
        """Why the live one must not be given back to the old release, in a sentence; empty when it may."""

    def put_back(self, work: Work) -> None:
        """Let the copy take the live one's place."""

    def put_back_by_hand(self, work: Work) -> list[str]:
        """How a person would do that."""

    def release(self, work: Work) -> None:
        """Let go of the copy, or of what was begun of it."""


class Rows(Protocol):
    """Single rows: what a copy has is compared with the live database, and rows of it go back while SMS runs."""

    def look_into(self, work: Work, read: Reader) -> None:
        """Unpack a copy so that `then` is there."""

    def then(self, work: Work) -> Path:
        """The copy as one quiet SQLite file with every value as it was."""

    def now(self, work: Work) -> Path:
        """The live database in the same form: itself, or what is made of it at this moment."""

    def put_rows_back(self, plan: RecoveryPlan, work: Work) -> list[PutBack]:
        """Give the planned rows of `then` back to the live database, in one transaction."""

    def look_away(self, work: Work) -> None:
        """Remove whatever `look_into` and `now` made, or began to make."""


class Trial(Protocol):
    """A copy of its own, on which an SMS is started in a sandbox and disasters are rehearsed."""

    def fill(self, work: Work, read: Reader, size: int) -> Facts:
        """Unpack a stored copy of `size` bytes and prove it there. The next one takes the place of the one before."""

    def told(self) -> Told:
        """What SMS must be told to find it."""

    def delete(self, table: str, count: int) -> int:
        """Delete the newest rows of a table, as somebody might by accident; return how many that were."""

    def tear(self, work: Work) -> str:
        """With its SMS stopped, overwrite a part of it, as a dying disk would; return what its check says then, which
        is nothing when it was not noticed."""

    def end(self) -> None:
        """Remove what is not in the run's own folder."""


class Successor(Protocol):
    """The copy of the stopped database that a command of SMS works on, and that takes its place then.

    `check` names what proves it. `apart`: the command needs the run's folder alone; otherwise it is let to where SMS's
    database is, and must run `fence` (Python) first, which ends it where it is led anywhere else.
    """

    check: str
    apart: bool

    def refuse(self, work: Work) -> None:
        """Raise OpsError where it cannot be had, which is asked while SMS still runs."""

    def make(self, work: Work) -> Facts:
        """Copy the stopped database. The next copy takes the place of the one before."""

    def told(self, work: Work) -> Told:
        """What SMS must be told to find it."""

    def fence(self, work: Work) -> str:
        """What the command runs first."""

    def facts(self, work: Work) -> Facts:
        """What it is now."""

    def ready(self, work: Work) -> Facts:
        """Prove it and put it where `Replaced.swap` looks for it."""

    def end(self, work: Work) -> None:
        """Remove it, or what was begun of it."""


class Database(Live, Copies, Replaced, Held, Rows, Protocol):
    """All of it."""
