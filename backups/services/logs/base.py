"""What the services need of a database's log, whichever engine writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from backups.models import Backup, LogFollowing
from backups.services.databases.base import Work
from backups.vault.manifest import Manifest
from backups.wal.coverage import Span
from backups.wal.following import Status
from smsops.runs.plan import By


@dataclass(frozen=True)
class Orders:
    """What a follower asks, and to whom it tells: whether it is to end, whether a run wants it to rest; how it stands,
    and that it rests."""

    ended: Callable[[], bool]
    resting: Callable[[], bool]
    tell: Callable[[Status], None]
    rested: Callable[[], None]


@dataclass(frozen=True)
class Source:
    """From what a moment is rebuilt, in a sentence. `backup` is the one that tells which release fits."""

    backup: Backup
    said: str


@dataclass(frozen=True)
class Rebuilt:
    """What was rebuilt, described as a backup is, and how, in a sentence. `of_backup`: a stored backup was unpacked and
    is proven by it."""

    manifest: Manifest
    said: str
    of_backup: bool


class Kept(Protocol):
    """The log as it is written."""

    def follow(self, orders: Orders) -> None:
        """Follow the log until the orders say otherwise. While a run wants it to rest, nothing of it stands in that
        run's way, and all that was committed before is kept."""

    def give_up(self) -> None:
        """It is not to be followed any more: let go of whatever is held for that, here and at the server."""

    def begin(self) -> None:
        """See to it that the log names a state, so that a backup taken now can say where it stands."""

    def canary(self) -> float:
        """Seconds from a commit until it can be read back from what is kept. OpsError when that takes too long. Must
        not be called in the follower's own process."""

    def in_use(self, most: int) -> int:
        """Bytes of SMS's own log that are in use; where its file has more than `most`, those that cannot be written
        back yet. 0 where there is none, or where its length is the server's business."""

    def size(self) -> int:
        """Bytes of what is kept."""

    def tidy(self, since: datetime) -> int:
        """Remove what only moments before `since` need; returns how many files."""


class Reached(Protocol):
    """The moments it leads to."""

    def spans(self) -> list[Span]:
        """The stretches of time every commit of which is known, oldest first."""

    def source(self, until: datetime) -> Source:
        """From what that moment is reached; WrongUse, saying what can be had, where it is not."""

    def rebuild(self, backup: Backup, until: datetime, target: Path, work: Work) -> Rebuilt:
        """Write the database as it was then to `target`, as copies are stored. OpsError where that cannot be."""

    def forget(self, work: Work) -> None:
        """Remove what a `rebuild` that was killed left."""

    def lacks_base(self, row: LogFollowing) -> bool:
        """Whether what the log is played onto is to be made now."""

    def request_base(self, by: By) -> None:
        """Queue the run that makes it; WrongUse while another exclusive one is under way."""

    def trouble(self) -> str:
        """Why no moment can be reached although the log is followed, in a sentence; empty where it can."""


class LogKeeper(Kept, Reached, Protocol):
    """All of it."""


def text(moment: datetime) -> str:
    """A moment, as exactly as it is told."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"


def watched(row: LogFollowing | None, until: datetime) -> bool:
    """Whether a follower was looking at that moment, so that nothing in the log means nothing happened."""
    return bool(row and row.looked_at and row.looked_at >= until and (row.gap_at is None or row.gap_at < until))
