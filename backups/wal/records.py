"""What the log keeps of each commit: where it stands, when it was seen, and its pages packed on their earlier versions.

An entry is a commit, or a part of one that is too large for one piece; its zstd frame has the versions these pages had
just before as dictionary, so that any state between two commits is a place to begin from. A record is the entries of
one look at the database. Numbers are written as in protocol buffers: seven bits a byte, the lowest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import zstandard

from backups.errors import BackupDamaged
from backups.wal.frames import Position

ALONE_LEVEL, DELTA_LEVEL = 3, 9  # as in packs
QUICK_ALONE, QUICK_DELTA = 1, 3  # two and four times faster; 6 % more bytes, and five times as many
# What differs in page 1 between a database and its snapshot: versions and counters (fileformat2.html#database_header).
UNSTEADY = ((18, 20), (24, 28), (40, 44), (92, 100))


class Kind(IntEnum):
    """What an entry is. BEGUN: the database as a generation begins with it. COMMIT: one commit. RENAMED: the same state
    in a log that was begun anew. JUMP: what had changed when the follower came back, no one knows in which commits."""

    BEGUN = 0
    COMMIT = 1
    RENAMED = 2
    JUMP = 3


@dataclass(frozen=True)
class Entry:
    """A commit as it is kept. `time` in ms since 1970, when it was seen; `size` of the database behind it, in pages.

    `pages` are ascending; those in `alone`, and those beyond the size before, were packed without an earlier version.
    With `more` the same commit goes on in the next entry.
    """

    kind: Kind
    position: Position
    time: int
    size: int
    pages: Sequence[int] = ()
    alone: Sequence[int] = ()
    more: bool = False
    frame: bytes = b""

    def known(self, size: int) -> list[int]:
        """The pages whose earlier versions are its dictionary, in a database of `size` pages."""
        without = set(self.alone)
        return [page for page in self.pages if page <= size and page not in without]

    def unpack(self, earlier: bytes, page_size: int) -> bytes:
        """Its pages, one behind the other, with the earlier versions of `known`."""
        want = len(self.pages) * page_size
        try:
            data = zstandard.ZstdDecompressor(dict_data=_prefix(earlier)).decompress(self.frame, max_output_size=want)
        except zstandard.ZstdError:
            raise BackupDamaged("A commit in the log does not fit the state before it.") from None
        if len(data) != want:
            raise BackupDamaged("A commit in the log has another length.")
        return data


@dataclass(frozen=True)
class Record:
    """The entries of one look. `before` is where the database stood, `size` how many pages it had, `since` (ms) when it
    was last seen so; `setback` is by how many ms the clock had been set back since then."""

    before: Position
    size: int
    since: int
    entries: list[Entry] = field(default_factory=list)
    setback: int = 0

    @property
    def after(self) -> Position:
        return self.entries[-1].position if self.entries else self.before


def pack(contents: bytes, earlier: bytes, *, quick: bool = False) -> bytes:
    """Pages as a zstd frame on their earlier versions; `quick` where there are so many that time matters more."""
    level = (QUICK_DELTA if quick else DELTA_LEVEL) if earlier else (QUICK_ALONE if quick else ALONE_LEVEL)
    params = zstandard.ZstdCompressionParameters.from_level(
        level, source_size=len(contents), dict_size=len(earlier), write_checksum=True, write_content_size=True
    )
    return bytes(zstandard.ZstdCompressor(dict_data=_prefix(earlier), compression_params=params).compress(contents))


def steady(numbers: Sequence[int], contents: bytes) -> bytes:
    """Pages as a dictionary: without what differs between a database and its snapshot."""
    if not numbers or numbers[0] != 1:
        return contents
    found = bytearray(contents)
    for start, end in UNSTEADY:
        found[start:end] = bytes(end - start)
    return bytes(found)


def _prefix(earlier: bytes) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(earlier, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if earlier else None


def dumps(record: Record) -> bytes:
    """A record as bytes."""
    sheet = _Sheet()
    sheet.position(record.before)
    sheet.numbers((record.size, record.since, record.setback, len(record.entries)))
    for entry in record.entries:
        sheet.numbers((entry.kind << 1 | entry.more, max(0, entry.time - record.since), entry.size))
        sheet.position(entry.position)
        sheet.ascending(entry.pages)
        sheet.ascending(entry.alone)
        sheet.piece(entry.frame)
    return bytes(sheet.data)


def loads(data: bytes) -> Record:
    """Read a record; BackupDamaged when it is none."""
    sheet = _Sheet(data)
    try:
        before = sheet.take_position()
        size, since, setback, count = (sheet.take() for _ in range(4))
        entries = [_entry(sheet, since) for _ in range(count)]
    except (IndexError, ValueError) as error:
        raise BackupDamaged("A record of the log has another form.") from error
    return Record(before, size, since, entries, setback)


def _entry(sheet: _Sheet, since: int) -> Entry:
    kind, later, size = sheet.take(), sheet.take(), sheet.take()
    position, pages, alone = sheet.take_position(), sheet.take_ascending(), sheet.take_ascending()
    return Entry(Kind(kind >> 1), position, since + later, size, pages, alone, bool(kind & 1), sheet.take_piece())


class _Sheet:
    """Numbers and pieces, one behind the other: written at the end, taken from the beginning."""

    def __init__(self, data: bytes = b"") -> None:
        self.data, self.at = bytearray(data), 0

    def numbers(self, values: Iterable[int]) -> None:
        for value in values:
            rest = value
            while rest > 0x7F:
                self.data.append(rest & 0x7F | 0x80)
                rest >>= 7
            self.data.append(rest)

    def take(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def ascending(self, values: Sequence[int]) -> None:
        self.numbers((len(values), *(value - before for before, value in zip((0, *values), values, strict=False))))

    def take_ascending(self) -> list[int]:
        found, value = [], 0
        for _ in range(self.take()):
            value += self.take()
            found.append(value)
        return found

    def position(self, value: Position) -> None:
        for number, size in zip((value.salt1, value.salt2, value.frame, value.checksum), (4, 4, 4, 8), strict=True):
            self.data += number.to_bytes(size, "big")

    def take_position(self) -> Position:
        return Position(*(int.from_bytes(self._slice(size), "big") for size in (4, 4, 4, 8)))

    def piece(self, data: bytes) -> None:
        self.numbers((len(data),))
        self.data += data

    def take_piece(self) -> bytes:
        return self._slice(self.take())

    def _slice(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise IndexError
        self.at += size
        return bytes(self.data[self.at - size : self.at])
