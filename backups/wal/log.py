"""The log beside the backups: its generations, their files, and every commit in order.

A generation is a line of commits without a beginning of its own: any backup that stands at one of its positions is the
place to begin from. A new one begins where nothing is known of how the database came to be what it is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.wal.frames import Position
from backups.wal.segments import Found, Link, Segment, name_of
from backups.wal.tally import Tally
from backups.wal.writing import Writer
from smsops.errors import OpsError

LOG = "log"
GENERATION = re.compile(r"\d{6,}-\w+-\w+")
_FILE = re.compile(r"(\d{8,})\.log")


@dataclass(frozen=True)
class Tail:
    """How the newest generation ends: where the database stood then (None: nothing is in it yet), when that was seen
    (ms), and the link to its last file."""

    generation: str
    position: Position | None
    time: int
    last: Link


class Log:
    """The log of one environment on a shelf."""

    def __init__(self, shelf: FolderShelf, keys: Keyring) -> None:
        self.shelf, self.keys = shelf, keys
        self._tallies: dict[str, Tally] = {}

    def generations(self) -> list[str]:
        """All generations, oldest first."""
        return [name for name in self.shelf.names(LOG) if GENERATION.fullmatch(name) and self.numbers(name)]

    def size(self) -> int:
        """Bytes of all its files."""
        return sum(self.shelf.size(f"{LOG}/{generation}") for generation in self.generations())

    def numbers(self, generation: str) -> list[int]:
        """The numbers of its files, ascending."""
        found = (_FILE.fullmatch(name) for name in self.shelf.names(f"{LOG}/{generation}"))
        return sorted(int(match[1]) for match in found if match)

    def new_generation(self) -> str:
        """A name for one that begins now. Names sort by age, whatever becomes of the machine's clock."""
        before = [int(name.partition("-")[0]) for name in self.generations()]
        return f"{max(before, default=0) + 1:06d}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"

    def segment(self, generation: str, number: int) -> Segment:
        return Segment(self.shelf, self.keys, generation, number)

    def tally(self, generation: str, number: int) -> Tally:
        """What is in a file: from its end where it was closed, else by reading it."""
        name = name_of(generation, number)
        if name not in self._tallies:
            with self.segment(generation, number) as segment:
                known = segment.tally()
                if known is None:
                    following = next((each for each in self.numbers(generation) if each > number), 0)
                    for _ in segment.records(self._limit(generation, number, following)):
                        pass
                    return segment.counted
                self._tallies[name] = known
        return self._tallies[name]

    def closed(self) -> list[str]:
        """The names of all files that will never change again: to be copied elsewhere."""
        listed = [(generation, number) for generation in self.generations() for number in self.numbers(generation)]
        names = [name_of(*each) for each in listed[:-1]]
        for each in listed[-1:]:
            with self.segment(*each) as segment:
                names += [segment.name] if segment.tally() is not None else []
        return names

    def tail(self) -> Tail | None:
        """How the newest generation ends; None where there is none. A file that cannot be read is BackupDamaged."""
        if not (generations := self.generations()):
            return None
        generation = generations[-1]
        number = self.numbers(generation)[-1]
        with self.segment(generation, number) as segment:
            for _ in segment.records():
                pass
            link, known = Link(number, segment.sound, segment.digest.hexdigest()), segment.counted
            if not known.after and segment.header.previous.number:
                known = self.tally(generation, segment.header.previous.number)
        return Tail(generation, Position.parse(known.after) if known.after else None, known.until, link)

    def writer(self, generation: str, page: int, last: Link | None = None) -> Writer:
        """Writes to this generation, behind the file `last`."""
        return Writer(self.shelf, self.keys, generation, page, last or Link())

    def records(self, generation: str, number: int) -> Iterator[tuple[int, Found]]:
        """Every record from the file `number` on, with the number of its file. BackupDamaged when a file is missing or
        is not the one that was there when the next one was begun."""
        numbers = [each for each in self.numbers(generation) if each >= number]
        before: Link | None = None
        for each, following in zip(numbers, [*numbers[1:], 0], strict=True):
            with self.segment(generation, each) as segment:
                if before is not None and segment.header.previous != before:
                    missing = segment.header.previous.number
                    raise BackupDamaged(f"The file {name_of(generation, missing)} of the log is not the one it was.")
                for found in segment.records(self._limit(generation, each, following)):
                    yield each, found
                before = Link(each, segment.sound, segment.digest.hexdigest())

    def _limit(self, generation: str, number: int, following: int) -> int | None:
        """How many bytes of a file count, which the following one knows; None for the last one."""
        if not following:
            return None
        with self.segment(generation, following) as segment:
            previous = segment.header.previous
            if previous.number != number:
                raise BackupDamaged(f"The file {name_of(generation, previous.number)} of the log is missing.")
            return previous.bytes

    def holding(self, position: Position) -> Iterator[tuple[str, int]]:
        """The files that may hold this position, newest first. At their end BackupDamaged, where a file could not be
        read that may hold it as well."""
        damage: OpsError | None = None
        for generation in reversed(self.generations()):
            for number in reversed(self.numbers(generation)):
                try:
                    found = self.tally(generation, number).holds(position)
                except (BackupDamaged, KeyUnusable) as error:
                    damage, found = damage or error, False
                if found:
                    yield generation, number
        if damage is not None:
            raise damage

    def reaches(self, position: Position) -> bool:
        """Whether the newest generation holds this position, at its end."""
        return any(
            self.tally(generation, number).holds(position)
            for generation in self.generations()[-1:]
            for number in self.numbers(generation)[-2:]
        )
