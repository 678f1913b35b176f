"""Brings files of the log back from a shelf elsewhere (B8): those a restore to a moment needs and that are not here, or
are damaged here."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import UnsupportedOperation
from pathlib import Path
from typing import BinaryIO

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.keys import Keyring
from backups.vault.packs import PIECE
from backups.vault.shelf import Shelf, explained
from backups.wal.log import Log
from backups.wal.parts import File, Part, chained
from backups.wal.segments import Segment, name_of
from backups.wal.stock import Stock


@dataclass
class Retrieved:
    """What was brought: names of files, the time (ms) of the last thing known there, and sentences about what could not
    be brought."""

    brought: list[str] = field(default_factory=list)
    until: int = 0
    problems: list[str] = field(default_factory=list)


def retrieve(
    remote: Shelf, log: Log, since: int, until: int, *, live: bool = False, guard: Callable[[], None] = lambda: None
) -> Retrieved:
    """Bring what happened between `since` and `until` (ms): whatever of it `log` lacks or has damaged.

    Every file is checked before it appears; may be killed and run again. With `live` a follower is at work, and the
    last file here is left alone: it is being written. `guard` is called before each file and may raise.
    """
    found, wanted = Retrieved(), between(Stock(remote), since, until)
    generations = log.generations()
    last = (generations[-1], log.numbers(generations[-1])[-1]) if generations else None
    for file, parts in wanted:
        guard()
        found.until = max(found.until, *(part.time for part in parts))
        if (live and file == last) or _sound(log, file, _end(parts)):
            continue
        try:
            _bring(remote, log, file, parts)
            found.brought.append(name_of(*file))
        except (BackupDamaged, KeyUnusable) as error:
            found.problems.append(error.message)
    return found


def between(stock: Stock, since: int, until: int) -> list[tuple[File, list[Part]]]:
    """The files that may hold something of that time, oldest first: one more on either side, because a state lasts
    until the next commit."""
    chosen: list[tuple[File, list[Part]]] = []
    for file, parts in stock.backwards():
        newest = max(part.time for part in parts)
        chosen = [*(chosen[-1:] if newest > until else chosen), (file, parts)]
        if newest < since:
            break
    return chosen[::-1]


def _end(parts: Sequence[Part]) -> int:
    chain = chained(parts)
    return chain[-1].end if chain else 0


def _sound(log: Log, file: File, most: int) -> bool:
    """Whether a file is here, right, and at least so long."""
    try:
        return _read_through(log.segment(*file)) >= most
    except (BackupDamaged, KeyUnusable):
        return False


def _read_through(opened: Segment) -> int:
    """Open every record of a file; how many of its bytes are sound."""
    with opened as segment:
        for _ in segment.records():
            pass
        return segment.sound


def _bring(remote: Shelf, log: Log, file: File, parts: Sequence[Part]) -> None:
    """Put a file together from its parts, check it, and let it take its place."""
    path = log.shelf.incoming() / f"{secrets.token_hex(8)}.fetched"
    try:
        with explained(path.parent), path.open("xb") as target:
            for part in chained(parts):
                _append(remote, part, target)
            target.flush()
            os.fsync(target.fileno())
        if _read_through(_alone(path, log.keys, file)) != path.stat().st_size:
            raise BackupDamaged(f"The copy of {name_of(*file)} there is cut off.")
        log.shelf.replace(name_of(*file), path)
    finally:
        path.unlink(missing_ok=True)


def _append(remote: Shelf, part: Part, target: BinaryIO) -> None:
    """Write what a part has beyond what is in the file already."""
    try:
        with remote.open(part.name) as source:
            source.seek(target.tell() - part.start)
            while piece := source.read(PIECE):
                target.write(piece)
    except FileNotFoundError:
        raise BackupDamaged(f"{part.name} is missing in the replica.") from None
    if target.tell() != part.end:
        raise BackupDamaged(f"{part.name} has another length in the replica.")


@dataclass(frozen=True)
class _Lone:
    """A shelf of one file, whatever it is asked for."""

    path: Path

    def names(self, folder: str) -> list[str]:
        return []

    def open(self, name: str) -> BinaryIO:
        return self.path.open("rb")

    def exists(self, name: str) -> bool:
        return self.path.exists()

    def put(self, name: str, source: Path) -> None:
        raise UnsupportedOperation("this shelf is only read")

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def _alone(path: Path, keys: Keyring, file: File) -> Segment:
    return Segment(_Lone(path), keys, *file)
