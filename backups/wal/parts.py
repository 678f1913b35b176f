"""Parts of the log's files on a shelf elsewhere: what a few seconds of commits became, named once and never changed.

A part is a stretch of a file of the log, as it is written there: whole records, sealed as they are, so that nothing of
it can be read or exchanged. Its name says which stretch, and the time (ms since 1970) of the last thing in it; the same
name is the same bytes, whoever sent them. Parts of a file may overlap; from its beginning to where no part goes on, the
file can be put together again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from backups.wal.log import LOG

BLOCK = 1000  # files of the log whose parts share a folder, so that no listing becomes endless
_PART = re.compile(r"(\d{8,})-(\d{9,})-(\d{9,})-(\d{13})\.part")
File = tuple[str, int]  # generation and number; they sort by age


def folder_of(generation: str, number: int) -> str:
    """The folder for the parts of a file."""
    return f"{LOG}/{generation}/{number // BLOCK:05d}"


@dataclass(frozen=True)
class Part:
    """The bytes from `start` to before `end` of a file of the log; `time` is that of the last thing in it, in ms."""

    generation: str
    number: int
    start: int
    end: int
    time: int

    @property
    def name(self) -> str:
        folder = folder_of(self.generation, self.number)
        return f"{folder}/{self.number:08d}-{self.start:09d}-{self.end:09d}-{self.time:013d}.part"

    @property
    def file(self) -> File:
        return self.generation, self.number


def parsed(generation: str, name: str) -> Part | None:
    """The part of that name, without its folder; None when it is none."""
    match = _PART.fullmatch(name)
    return Part(generation, *map(int, match.groups())) if match else None


def chained(parts: Iterable[Part]) -> list[Part]:
    """Those from the beginning of a file on, each going on where the one before it ends, or earlier."""
    left, found, at = list(parts), list[Part](), 0
    while onward := [part for part in left if part.start <= at < part.end]:
        found.append(max(onward, key=lambda part: part.end))
        at = found[-1].end
    return found


def reach(parts: Iterable[Part]) -> int:
    """How many bytes of a file, from its beginning, are there."""
    chain = chained(parts)
    return chain[-1].end if chain else 0


def of_name(name: str) -> Part | None:
    """The part of that whole name; None when it is none."""
    folder, _, own = name.rpartition("/")
    part = parsed(folder.removeprefix(f"{LOG}/").partition("/")[0], own)
    return part if part is not None and part.name == name else None


def past(parts: Iterable[Part], horizon: int) -> list[Part]:
    """The parts of those files everything in which is older than `horizon` (ms). The newest file stays, whatever its
    age: it is where the log goes on."""
    files: dict[File, list[Part]] = defaultdict(list)
    for part in parts:
        files[part.file].append(part)
    old = [file for file in sorted(files)[:-1] if max(part.time for part in files[file]) < horizon]
    return [part for file in old for part in files[file]]
