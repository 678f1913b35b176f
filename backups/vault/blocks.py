"""A file as numbered blocks of one size, their digests, and what differs between two files.

A block is a page of SQLite where there are pages. The last block may be short; here it is filled up with zeros.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

BATCH = 1024 * 1024
DIGEST = 32  # bytes of a SHA-256


@dataclass
class Image:
    """A quiet file. Open it with `with`; `block` in bytes."""

    path: Path
    block: int

    def __enter__(self) -> Image:
        self.handle = os.open(self.path, os.O_RDONLY)
        self.size = os.fstat(self.handle).st_size
        self.count = -(-self.size // self.block)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)

    def read(self, first: int, count: int) -> bytes:
        """`count` blocks from number `first`; what lies behind the end is zeros."""
        return gather(self.handle, range(first, first + count), self.block)

    def gather(self, numbers: Sequence[int]) -> bytes:
        """The contents of these blocks, one behind the other."""
        return gather(self.handle, numbers, self.block)

    def batches(self) -> Iterator[tuple[int, bytes]]:
        """All blocks in order: the first number of each batch, and its bytes, filled up at the end."""
        step = max(1, BATCH // self.block)
        for first in range(0, self.count, step):
            yield first, self.read(first, min(step, self.count - first))


class Digests:
    """The SHA-256 of every block of an image."""

    def __init__(self, data: bytes | bytearray = b"") -> None:
        self.data = bytearray(data)

    @staticmethod
    def of(image: Image) -> Digests:
        """Digest every block."""
        block, found, sha256 = image.block, Digests(), hashlib.sha256
        for _, data in image.batches():
            view = memoryview(data)  # a slice of it copies nothing
            found.data += b"".join([sha256(view[at : at + block]).digest() for at in range(0, len(view), block)])
        return found

    def differing(self, before: Digests) -> list[int]:
        """Numbers of the blocks that are not as they were `before`, or were not there."""
        mine, theirs = self.data, before.data
        starts = range(0, len(mine), DIGEST)
        return [at // DIGEST for at in starts if mine[at : at + DIGEST] != theirs[at : at + DIGEST]]

    def match(self, numbers: Sequence[int], contents: bytes, block: int) -> bool:
        """Whether `contents` are those blocks; one that is not known is zeros."""
        for at, number in enumerate(numbers):
            content = contents[at * block : (at + 1) * block]
            known = self.data[number * DIGEST : (number + 1) * DIGEST]
            if (hashlib.sha256(content).digest() != known) if known else any(content):
                return False
        return True

    def root(self, size: int, block: int) -> str:
        """One digest over all of them, the block's size and the file's."""
        return hashlib.sha256(f"smsops {block} {size} ".encode() + self.data).hexdigest()


def gather(handle: int, numbers: Sequence[int], block: int) -> bytes:
    """The contents of these blocks of an open file; what lies behind its end is zeros."""
    parts = []
    for first, count in runs(numbers):
        parts.append(os.pread(handle, count * block, first * block).ljust(count * block, b"\0"))
    return b"".join(parts)


def scatter(handle: int, numbers: Sequence[int], contents: bytes, block: int) -> None:
    """Write these blocks to where they belong in an open file."""
    at, view = 0, memoryview(contents)
    for first, count in runs(numbers):
        end, place = at + count * block, first * block
        while at < end:  # a disk that fills up takes only a part before it says so
            taken = os.pwrite(handle, view[at:end], place)
            at, place = at + taken, place + taken


def runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as (first, how many) of those that follow each other."""
    if isinstance(numbers, range):  # the usual case of a whole stretch
        if numbers:
            yield numbers[0], len(numbers)
        return
    first = count = 0
    for number in numbers:
        if count and number == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = number, 1
    if count:
        yield first, count
