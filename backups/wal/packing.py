"""Commits become entries, and entries records of about a megabyte: whatever is committed, memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backups.wal.frames import Position, Written
from backups.wal.records import Entry, Kind, Record, pack, steady
from backups.wal.shadow import Pages, Shadow, loosened

PART = 2 * 1024 * 1024  # bytes of pages in one entry
RECORD = 1024 * 1024  # bytes of frames in one record
LARGE = 64 * 1024 * 1024  # bytes of pages in a commit that is packed quickly: until it is kept, it can be lost


class Packer:
    """Packs commits that follow each other, on the image of the database before the first of them."""

    def __init__(self, shadow: Shadow, pages: Pages, page_size: int) -> None:
        self.shadow, self.pages, self.page_size = shadow, pages, page_size
        self.changed: dict[int, int] = {}  # pages newer than the image, and where they lie

    def entries(self, commits: Sequence[Written], kind: Kind, time: int) -> Iterator[tuple[int, Entry]]:
        """Each entry, with the size (pages) of the database before its commit."""
        size, loose = self.shadow.size, set(self.shadow.loose)
        for commit in commits:
            for numbers, more in self._parts(sorted(commit.pages)):
                alone = [number for number in numbers if number in loose]
                entry = Entry(kind, commit.position, time, commit.size, numbers, alone, more)
                yield size, self._packed(entry, size, commit)
            loose = loosened(loose, size, commit)
            self.changed |= commit.pages
            if commit.size < size:
                self.changed = {page: at for page, at in self.changed.items() if page <= commit.size}
            size = commit.size

    def _parts(self, numbers: list[int]) -> Iterator[tuple[list[int], bool]]:
        many = max(1, PART // self.page_size)
        for at in range(0, len(numbers), many):
            yield numbers[at : at + many], at + many < len(numbers)
        if not numbers:
            yield [], False

    def _packed(self, entry: Entry, size: int, commit: Written) -> Entry:
        contents = b"".join(self.pages(commit.pages[number]) for number in entry.pages)
        known = entry.known(size)
        quick = len(commit.pages) * self.page_size > LARGE
        frame = pack(contents, steady(known, self._earlier(known)), quick=quick) if contents else b""
        return Entry(entry.kind, entry.position, entry.time, entry.size, entry.pages, entry.alone, entry.more, frame)

    def _earlier(self, numbers: list[int]) -> bytes:
        """These pages as they are before the commit."""
        if not self.changed:
            return self.shadow.read(numbers)
        found = (
            self.pages(self.changed[number]) if number in self.changed else self.shadow.read([number])
            for number in numbers
        )
        return b"".join(found)


def gathered(before: Position, since: int, setback: int, entries: Iterator[tuple[int, Entry]]) -> Iterator[Record]:
    """Entries as records; `since` (ms) is when the database was last seen at `before`."""
    record: Record | None = None
    length = 0
    for size, entry in entries:
        if record is None:
            record, length = Record(before, size, since, [], setback), 0
        record.entries.append(entry)
        length += len(entry.frame)
        if not entry.more:
            before = entry.position
        if length > RECORD or entry.more:
            yield record
            record = None
    if record is not None:
        yield record
