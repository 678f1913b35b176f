"""Names of the log's segments: which follow each other, and where one is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SIZE = 16 * 1024 * 1024  # bytes, unless the cluster was made with another size
_NAME = re.compile(r"[0-9A-F]{24}")


@dataclass(frozen=True, order=True)
class Segment:
    """One segment of the log: the timeline it belongs to, and its number since the log began."""

    timeline: int
    number: int

    def name(self, size: int = SIZE) -> str:
        """As the server calls its file."""
        per_log = 0x1_0000_0000 // size
        return f"{self.timeline:08X}{self.number // per_log:08X}{self.number % per_log:08X}"

    @property
    def following(self) -> Segment:
        return Segment(self.timeline, self.number + 1)


def parse(name: str, size: int = SIZE) -> Segment | None:
    """The segment of that file name; None where it is none."""
    if not _NAME.fullmatch(name):
        return None
    return Segment(int(name[:8], 16), int(name[8:16], 16) * (0x1_0000_0000 // size) + int(name[16:], 16))


def at(timeline: int, position: str, size: int = SIZE) -> Segment:
    """The segment a position like `0/3000028` lies in."""
    high, low = position.split("/")
    return Segment(timeline, ((int(high, 16) << 32) + int(low, 16)) // size)


@dataclass(frozen=True)
class Coverage:
    """From which segment to which the log is there without a hole, and why it goes no further (empty: it is the
    newest there is). `last` is None where not even the first is there."""

    first: Segment
    last: Segment | None
    problem: str = ""


def coverage(first: Segment, names: Iterable[str], size: int = SIZE) -> Coverage:
    """How far the log goes on from `first` in these files."""
    here = {segment for name in names if (segment := parse(name, size)) is not None}
    at_hand = first
    while at_hand in here:
        at_hand = at_hand.following
    last = Segment(at_hand.timeline, at_hand.number - 1) if at_hand != first else None
    later = sorted(segment for segment in here if segment.timeline == first.timeline and segment > at_hand)
    if later:
        return Coverage(first, last, f"{at_hand.name(size)} is missing, although {later[0].name(size)} is there.")
    other = sorted(segment for segment in here if segment.timeline > first.timeline)
    if other:
        said = f"The server went from timeline {first.timeline} to {other[0].timeline}: it was restored or promoted."
        return Coverage(first, last, f"{said} A new base backup is needed.")
    return Coverage(first, last, "" if last is not None else f"{first.name(size)} is missing.")
