"""The follower's own image of the database, as it was at the last position kept: what the next commits are packed on.

It is a cache and is never synced: killed with its process it stays as it is, and after a start of the machine it is not
trusted. A page that is not what was put there is noticed before anything is packed on it.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from backups.vault.blocks import Image, gather, scatter
from backups.wal.frames import Discontinuity, Position, Written
from backups.wal.records import steady

BOOT = Path("/proc/sys/kernel/random/boot_id")
Pages = Callable[[int], bytes]  # reads the page that lies there


@dataclass
class State:
    """What the image is. `identity` are the device and inode of the database; `loose` are pages the database got
    without anybody writing them, so that what is in them differs from copy to copy."""

    generation: str
    position: Position
    page_size: int
    size: int  # pages
    identity: tuple[int, int]
    loose: set[int] = field(default_factory=set)
    torn: bool = False  # the image is not what was noted of it: half-way to what comes next, or damaged


class Shadow:
    """The image in a folder, and what it is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.image, self.file = folder, folder / "shadow.db", folder / "shadow.json"
        self.state: State | None = None
        self.handle: int | None = None
        self.sums = array("I")

    def load(self) -> State | None:
        """Open the image where it can be trusted; returns what it is, or None."""
        self.close()
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            known = json.loads(self.file.read_text(encoding="utf-8"))
            if known.pop("boot") != _boot():
                return None
            total = known.pop("sum")
            known["position"] = Position.parse(known["position"])
            state = State(**{**known, "identity": tuple(known["identity"]), "loose": set(known["loose"])})
            self._open(state)
            state.torn = zlib.crc32(self.sums) != total
            return state
        return None

    def take(self, image: Path, state: State) -> None:
        """Let the file `image` be the shadow from now on."""
        self.close()
        self.file.unlink(missing_ok=True)
        image.replace(self.image)
        self._open(state)
        self.note()

    def _open(self, state: State) -> None:
        self.sums = array("I")
        with Image(self.image, state.page_size) as image:
            for _, data in image.batches():
                self.sums.extend(
                    zlib.crc32(data[at : at + state.page_size]) for at in range(0, len(data), state.page_size)
                )
        self.handle, self.state = os.open(self.image, os.O_RDWR), state

    def read(self, numbers: Sequence[int]) -> bytes:
        """These pages, ascending, one behind the other. Raises Discontinuity when one is not what was put here."""
        state, handle = self._known()
        found = gather(handle, [number - 1 for number in numbers], state.page_size)
        for at, number in enumerate(numbers):
            if zlib.crc32(found[at * state.page_size : (at + 1) * state.page_size]) != self.sums[number - 1]:
                self.forget()
                raise Discontinuity("its own image of the database was damaged")
        return found

    def apply(self, commits: Sequence[Written], pages: Pages) -> None:
        """Bring the image to behind these commits, and note that it is there."""
        state, handle = self._known()
        for commit in commits:
            for number in sorted(commit.pages):
                self._write(handle, number, pages(commit.pages[number]))
            state.loose = loosened(state.loose, state.size, commit)
            if len(self.sums) != commit.size:
                self._resize(handle, commit.size)
            state.size, state.position, state.torn = commit.size, commit.position, False
        self.note()

    def _write(self, handle: int, number: int, page: bytes) -> None:
        scatter(handle, [number - 1], page, len(page))
        if number > len(self.sums):
            self._resize(handle, number)
        self.sums[number - 1] = zlib.crc32(page)

    def _resize(self, handle: int, size: int) -> None:
        state, _ = self._known()
        empty = zlib.crc32(bytes(state.page_size))
        del self.sums[size:]
        self.sums.extend([empty] * (size - len(self.sums)))
        os.ftruncate(handle, size * state.page_size)

    def differing(self, other: Path) -> Iterator[int]:
        """The pages of another file of the same page size that are not as here (counters apart), or are not here."""
        state, handle = self._known()
        with Image(other, state.page_size) as image:
            for first, data in image.batches():
                mine = gather(handle, range(first, first + len(data) // state.page_size), state.page_size)
                if mine != data or first + len(data) // state.page_size > state.size:
                    yield from self._pages(first, data, mine)

    def _pages(self, first: int, data: bytes, mine: bytes) -> Iterator[int]:
        state, _ = self._known()
        for at in range(0, len(data), state.page_size):
            number = first + at // state.page_size + 1
            here, there = ([number], mine[at : at + state.page_size]), ([number], data[at : at + state.page_size])
            if number > state.size or steady(*here) != steady(*there):
                yield number

    def note(self) -> None:
        """Write down what the image is."""
        state, _ = self._known()
        text = json.dumps(
            asdict(state)
            | {"position": str(state.position), "loose": sorted(state.loose)}
            | {"boot": _boot(), "sum": zlib.crc32(self.sums)}
        )
        private = self.file.with_suffix(".new")
        private.write_text(text, encoding="utf-8")
        private.replace(self.file)

    def seen(self) -> None:
        """Note that the database was still as the image is, now."""
        os.utime(self.file)

    def last_seen(self) -> int:
        """When that was, in ms since 1970; 0 where it is not known."""
        with contextlib.suppress(OSError):
            return int(self.file.stat().st_mtime * 1000)
        return 0

    def forget(self) -> None:
        """Never go on from this image."""
        self.file.unlink(missing_ok=True)

    def close(self) -> None:
        if self.handle is not None:
            os.close(self.handle)
        self.handle = self.state = None

    @property
    def known(self) -> State:
        """What the image is. Raises Discontinuity where there is none."""
        return self._known()[0]

    @property
    def size(self) -> int:
        """Pages of the database as the image has it."""
        return self._known()[0].size

    @property
    def loose(self) -> set[int]:
        return self._known()[0].loose

    def _known(self) -> tuple[State, int]:
        if self.state is None or self.handle is None:
            raise Discontinuity("it has no image of the database")
        return self.state, self.handle


def loosened(loose: set[int], size: int, commit: Written) -> set[int]:
    """The loose pages after a commit to a database of `size` pages."""
    if not loose and commit.size <= size:
        return loose
    grown = range(size + 1, commit.size + 1)
    return {page for page in loose.union(grown) - commit.pages.keys() if page <= commit.size}


def _boot() -> str:
    """Which start of the machine this is; what was not synced is sound only within one."""
    with contextlib.suppress(OSError):
        return BOOT.read_text(encoding="ascii").strip()
    return str(time.time() - time.monotonic())
