"""Lays a stream whose bytes shift (a dump) out in slots, so that what did not change stays in the same blocks (B4).

A row that goes or comes in the middle of a dump moves all that follows; page for page, nothing would be as before. So
the stream is cut into parts where its own lines say so, and each part keeps the blocks it had in the layout before; a
part that takes a lost one's place in the stream takes its blocks as well. The vault then sees a file that changes in
few places. Form of the file, in blocks of 512 bytes: a line of JSON (the head), the map (per part: first block and
length in bytes, 4 bytes each, big endian; in the order of the stream), the parts.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from backups.errors import BackupDamaged

BLOCK = 512
MAGIC = "smsops slots 1"
AIM = 4096  # bytes of the usual part of a stream below 256 MB; more parts than 65,000 cost more than they save
LONGEST = 16  # times that, at most

Slot = tuple[int, int]  # first block, length in bytes


@dataclass(frozen=True)
class Head:
    """What the layout holds: `size` of the stream in bytes, its SHA-256, and how many parts it has. `room` is how many
    blocks the map may take, `aim` how long a part usually is: a layout of another shape shares nothing with it."""

    size: int
    digest: str
    parts: int
    room: int
    aim: int
    form: str = MAGIC

    def dumps(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode() + b"\n"


@dataclass(frozen=True)
class Cut:
    """A stream cut into parts: their lengths and digests, and the digest of it all."""

    lengths: list[int]
    digests: list[bytes]
    digest: str


def lay_out(stream: Path, target: Path, before: Path | None) -> None:
    """Write the layout of the file `stream` to `target`, as like the layout `before` as can be; both stay."""
    size = stream.stat().st_size
    aim = AIM << (size >> 28).bit_length()
    with stream.open("rb") as file:
        cut = _cut(file, aim)
    room = _room(len(cut.lengths))
    old = _known(before, room, aim) if before is not None else None
    slots = _slots(cut, old or ([], []), 1 + room)
    head = Head(size, cut.digest, len(slots), room, aim)
    with stream.open("rb") as source, target.open("wb") as file:
        file.write(head.dumps().ljust(BLOCK, b"\0"))
        file.write(struct.pack(f">{2 * len(slots)}I", *(value for slot in slots for value in slot)))
        file.truncate(max((_end(slot) for slot in slots), default=1 + room) * BLOCK)
        for first, length in slots:
            file.seek(first * BLOCK)
            file.write(source.read(length))


def unfold(layout: Path, target: Path) -> None:
    """Write the stream back; BackupDamaged, and no `target`, when it is not the one that was laid out."""
    digest = hashlib.sha256()
    try:
        with layout.open("rb") as file, target.open("wb") as out:
            head = read_head(file)
            for part in _parts(file, _map(file, head)):
                digest.update(part)
                out.write(part)
        if digest.hexdigest() != head.digest:
            raise BackupDamaged("What is in the layout is not the dump that was put there.")
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def read_head(file: BinaryIO) -> Head:
    """The head of an open layout; BackupDamaged when it has none."""
    try:
        head = Head(**json.loads(file.read(BLOCK).rstrip(b"\0")))
    except (ValueError, TypeError, RecursionError):
        raise BackupDamaged("The file is not a layout of a dump.") from None
    if head.form != MAGIC:
        raise BackupDamaged("The layout has a form this version of smsops does not know.")
    return head


def _map(file: BinaryIO, head: Head) -> list[Slot]:
    """The slots in the order of the stream; the file stands behind the head."""
    data = file.read(8 * head.parts)
    if len(data) != 8 * head.parts:
        raise BackupDamaged("The layout ends within its map.")
    return list(struct.iter_unpack(">II", data))


def _parts(file: BinaryIO, slots: Sequence[Slot]) -> Iterator[bytes]:
    for first, length in slots:
        file.seek(first * BLOCK)
        yield file.read(length)


def _cut(file: BinaryIO, aim: int) -> Cut:
    """Cut at the end of those lines whose checksum says so: the longer the line, the likelier."""
    lengths, digests, whole = [], [], hashlib.sha256()
    part, most = bytearray(), aim * LONGEST
    for line in _lines(file, most):
        part += line
        if crc32(line) * aim < len(line) << 32 or len(part) >= most:
            lengths.append(len(part))
            digests.append(hashlib.blake2b(part, digest_size=16).digest())
            whole.update(part)
            part = bytearray()
    if part:
        lengths.append(len(part))
        digests.append(hashlib.blake2b(part, digest_size=16).digest())
        whole.update(part)
    return Cut(lengths, digests, whole.hexdigest())


def _lines(file: BinaryIO, most: int) -> Iterator[bytes]:
    """Lines, none longer than `most`."""
    while line := file.readline(most):
        yield line


def _room(parts: int) -> int:
    """Blocks for the map, with space to grow: a power of two."""
    blocks = -(-parts * 8 // BLOCK)
    return 1 << max(3, (blocks * 5 // 4).bit_length())


def _known(before: Path, room: int, aim: int) -> tuple[list[Slot], list[bytes]] | None:
    """Slots of the layout before and the digests of what is in them; None where it is of another shape or damaged."""
    try:
        with before.open("rb") as file:
            head = read_head(file)
            if (head.room, head.aim) != (room, aim):
                return None
            slots = _map(file, head)
            return slots, [hashlib.blake2b(part, digest_size=16).digest() for part in _parts(file, slots)]
    except (OSError, BackupDamaged):
        return None


def _slots(cut: Cut, old: tuple[list[Slot], list[bytes]], start: int) -> list[Slot]:
    """A slot for every part; slots begin at block `start`."""
    slots, digests = old
    here = defaultdict(deque)  # type: ignore[var-annotated]
    for at, digest in enumerate(digests):
        here[digest].append(at)
    matches = [here[digest].popleft() if here.get(digest) else None for digest in cut.digests]
    heirs = _heirs(matches, len(slots))
    space = _Space(start, [slots[at] for at in matches if at is not None])
    found: list[Slot | None] = [
        (slots[at][0], length) if at is not None else None for at, length in zip(matches, cut.lengths, strict=True)
    ]
    for number, at in heirs.items():  # before anybody else takes the blocks of a lost part
        if space.take(slots[at][0], _blocks(cut.lengths[number])):
            found[number] = (slots[at][0], cut.lengths[number])
    return [slot or (space.find(_blocks(length)), length) for slot, length in zip(found, cut.lengths, strict=True)]


def _heirs(matches: Sequence[int | None], count: int) -> dict[int, int]:
    """Which new part stands where which lost one stood: both follow the same part, or the same heir."""
    kept = {at for at in matches if at is not None}
    heirs, last = {}, -1
    for number, at in enumerate(matches):
        if at is None and last + 1 < count and last + 1 not in kept:
            heirs[number] = at = last + 1
            kept.add(at)
        last = at if at is not None else last
    return heirs


def _blocks(length: int) -> int:
    return -(-length // BLOCK)


def _end(slot: Slot) -> int:
    return slot[0] + _blocks(slot[1])


class _Space:
    """Which blocks are free: gaps between those in use, and all behind them."""

    def __init__(self, start: int, used: Sequence[Slot]) -> None:
        spans = sorted((first, _end((first, length))) for first, length in used)
        edges = [(start, start), *spans]
        self.gaps = {end: first for (_, end), (first, _) in pairwise(edges) if first > end}
        self.end = edges[-1][1]

    def take(self, first: int, blocks: int) -> bool:
        """Take exactly these blocks; False when one of them is in use."""
        if first >= self.end:
            if first > self.end:
                self.gaps[self.end] = first
            self.end = first + blocks
            return True
        for begin, stop in self.gaps.items():
            if begin <= first and first + blocks <= stop:
                del self.gaps[begin]
                self._give(begin, first)
                self._give(first + blocks, stop)
                return True
        return False

    def find(self, blocks: int) -> int:
        """Take the first gap that is wide enough, or what is behind the end; return the first block."""
        for begin, stop in self.gaps.items():
            if stop - begin >= blocks:
                del self.gaps[begin]
                self._give(begin + blocks, stop)
                return begin
        self.end += blocks
        return self.end - blocks

    def _give(self, begin: int, stop: int) -> None:
        if stop > begin:
            self.gaps[begin] = stop
