"""The write-ahead log of SQLite, as it lies on the disk: its header, its frames, its checksums.

Source: sqlite.org/fileformat2.html#walformat. A frame is one page; the last frame of a commit also tells how many pages
the database then has. Every frame carries the two salts of its log and a checksum over all frames up to it.
"""

from __future__ import annotations

import os
import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

HEADER, FRAME = 32, 24  # bytes
LITTLE, BIG = 0x377F0682, 0x377F0683
VERSION = 3007000
WORD = 0xFFFFFFFF
NATIVE = sys.byteorder
CHUNK = 1024 * 1024
CHECKED = 2048  # frames; in a larger stretch only salts and the last checksum are compared, which takes 70 µs less each


class Discontinuity(Exception):
    """The log does not go on from where it was; what came between is not known commit by commit."""


@dataclass(frozen=True, order=True)
class Position:
    """A state of a database: the frame of the log behind which it stands, and the checksum up to there.

    The salts name the log. The checksum tells apart what the salts cannot: after a power failure SQLite goes on in the
    same log behind the last frame it still finds, and the frames that follow have numbers that were there before.
    """

    salt1: int
    salt2: int
    frame: int
    checksum: int

    def __str__(self) -> str:
        return f"{self.salt1:08x}-{self.salt2:08x}-{self.frame}-{self.checksum:016x}"

    @staticmethod
    def parse(text: str) -> Position:
        """The position `str` wrote; ValueError when it is none."""
        salt1, salt2, frame, checksum = text.split("-")
        return Position(int(salt1, 16), int(salt2, 16), int(frame), int(checksum, 16))

    @property
    def salts(self) -> tuple[int, int]:
        return self.salt1, self.salt2

    @property
    def named(self) -> bool:
        """Whether it tells which state it is; a log that was never written to has no salts."""
        return self.salts != (0, 0)


@dataclass(frozen=True)
class WalHeader:
    """The beginning of a log. `order` is the byte order of its checksums."""

    order: str
    page_size: int
    salts: tuple[int, int]
    checksum: tuple[int, int]

    @staticmethod
    def parse(data: bytes) -> WalHeader | None:
        """None where these 32 bytes are no such header, or a torn one."""
        if len(data) < HEADER:
            return None
        magic, version, page_size, _, salt1, salt2, sum1, sum2 = struct.unpack(">8I", data[:HEADER])
        if magic not in (LITTLE, BIG) or version != VERSION:
            return None
        order = "little" if magic == LITTLE else "big"
        found = checksum(order, data[:24], (0, 0))
        return WalHeader(order, page_size, (salt1, salt2), found) if found == (sum1, sum2) else None


def checksum(order: str, data: bytes, before: tuple[int, int]) -> tuple[int, int]:
    """SQLite's running checksum of so many pairs of words, behind what came before."""
    words = array("I", data)
    if order != NATIVE:
        words.byteswap()
    first, second = before
    following = iter(words)
    for one, other in zip(following, following, strict=True):
        first = (first + one + second) & WORD
        second = (second + other + first) & WORD
    return first, second


@dataclass
class Written:
    """A commit in the log: the position behind it, the size of the database in pages, and where each page lies (page
    number → frame number, the last one that holds it)."""

    position: Position
    size: int
    pages: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Wal:
    """An open log file; reading it plainly harms nobody, for SQLite takes no locks on it."""

    handle: int
    page_size: int

    @property
    def stride(self) -> int:
        return FRAME + self.page_size

    def header(self) -> WalHeader | None:
        """Its beginning; None where there is none yet."""
        return WalHeader.parse(os.pread(self.handle, HEADER, 0))

    def page(self, frame: int) -> bytes:
        """The page in a frame, counted from 1."""
        return os.pread(self.handle, self.page_size, HEADER + (frame - 1) * self.stride + FRAME)

    def checksum_at(self, frame: int, salts: tuple[int, int]) -> int | None:
        """The checksum a frame of that log carries; None where the frame is of another log or not there."""
        data = os.pread(self.handle, FRAME, HEADER + (frame - 1) * self.stride)
        if len(data) < FRAME or struct.unpack_from(">II", data, 8) != salts:
            return None
        return int.from_bytes(data[16:24], "big")

    def commits(self, after: Position | None, end: Position) -> list[Written]:
        """The commits behind `after` (None: from the first frame) up to and with `end`.

        Raises Discontinuity when a frame is not of this log, a checksum is wrong, or `end` is not the end of a commit.
        """
        head = self.header()
        if head is None or head.salts != end.salts or head.page_size != self.page_size:
            raise Discontinuity("its log was begun anew")
        start = after.frame if after is not None else 0
        before = head.checksum if after is None or not start else divmod(after.checksum, 1 << 32)
        check = end.frame - start <= CHECKED
        commits: list[Written] = []
        pages: dict[int, int] = {}
        for number, page, size, running in self._frames(head, start, end.frame, before, check=check):
            pages[page] = number
            if size:
                commits.append(Written(Position(*end.salts, number, running), size, pages))
                pages = {}
        if pages or not commits or commits[-1].position != end:
            raise Discontinuity("its log does not end where its index says")
        return commits

    def _frames(
        self, head: WalHeader, start: int, end: int, before: tuple[int, int], *, check: bool
    ) -> Iterator[tuple[int, int, int, int]]:
        """Number, page, size after the commit (0 within one), and checksum of each frame."""
        many = max(1, CHUNK // self.stride)
        for first in range(start, end, many):
            data = os.pread(self.handle, min(many, end - first) * self.stride, HEADER + first * self.stride)
            for number, at in enumerate(range(0, len(data), self.stride), first + 1):
                page, size, salt1, salt2, sum1, sum2 = struct.unpack_from(">6I", data, at)
                if (salt1, salt2) != head.salts or not page:
                    raise Discontinuity("a frame of its log is of another log")
                if check:
                    content = data[at : at + 8] + data[at + FRAME : at + self.stride]
                    before = checksum(head.order, content, before)
                    if before != (sum1, sum2):
                        raise Discontinuity("a frame of its log has another checksum")
                yield number, page, size, sum1 << 32 | sum2
