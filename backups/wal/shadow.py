"""The follower's own image of the database, as it was at the last position kept: what the next commits are packed on.

It is a cache and is never synced. Killed with its process it is what was noted of it, or is put back to that. After a
start of the machine it may be anything: it is trusted where the sum over all its pages is the one that was noted. A
page that is not what was put there is noticed before anything is packed on it.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from backups.vault.blocks import BATCH, Image, gather, scatter
from backups.wal import undo
from backups.wal.frames import Discontinuity, Position, Written
from backups.wal.records import steady

IMAGES = ("shadow.db", "shadow-2.db")  # one is the image, the other comes or goes
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
    torn: bool = False  # the image is not what was noted of it, but damaged; `loose` still holds


class Shadow:
    """The image in a folder, and what it is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file, self.undo = folder, folder / "shadow.json", folder / "shadow.undo"
        self.image = folder / IMAGES[-1]
        self.state: State | None = None
        self.handle: int | None = None
        self.sums = array("I")

    def load(self) -> State | None:
        """Open the image; returns what it is, or None where there is none."""
        self.close()
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            known = json.loads(self.file.read_text(encoding="utf-8"))
            total, self.image = known.pop("sum"), self.folder / _name(known.pop("image", IMAGES[0]))
            known.pop("boot", None)  # of earlier versions, which had one image
            known["position"] = Position.parse(known["position"])
            state = State(**{**known, "identity": tuple(known["identity"]), "loose": set(known["loose"])})
            undo.put_back(self.undo, self._what(state), self.image, state.size, state.page_size)
            self._open(state)
            state.torn = state.torn or zlib.crc32(self.sums) != total
            return state
        return None

    def take(self, image: Path, state: State) -> None:
        """Let the file `image` be the shadow from now on: before the note is written it is not, afterwards it is."""
        self.close()
        self.undo.unlink(missing_ok=True)
        before, self.image = self.image, self.folder / next(name for name in IMAGES if name != self.image.name)
        try:
            image.replace(self.image)
            self._open(state)
            self.note()
        except BaseException:
            self.close()
            self.image = before
            raise
        before.unlink(missing_ok=True)

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
        """Bring the image to behind these commits, and note that it is there. Killed meanwhile, it is where it was."""
        state, handle = self._known()
        undo.keep(self.undo, self._what(state), handle, overwritten(commits, state.size), state.page_size)
        for commit in commits:
            numbers = sorted(commit.pages)
            self._resize(handle, max(len(self.sums), commit.size, *numbers[-1:]))
            step = max(1, BATCH // state.page_size)
            for at in range(0, len(numbers), step):
                self._write(handle, numbers[at : at + step], pages, commit)
            state.loose = loosened(state.loose, state.size, commit)
            self._resize(handle, commit.size)
            state.size, state.position = commit.size, commit.position
        self.note()
        self.undo.unlink(missing_ok=True)

    def _what(self, state: State) -> str:
        """Which image at which position."""
        return f"{self.image.name} {state.generation} {state.position}"

    def _write(self, handle: int, numbers: Sequence[int], pages: Pages, commit: Written) -> None:
        found = [pages(commit.pages[number]) for number in numbers]
        scatter(handle, [number - 1 for number in numbers], b"".join(found), len(found[0]))
        for number, page in zip(numbers, found, strict=True):
            self.sums[number - 1] = zlib.crc32(page)

    def _resize(self, handle: int, size: int) -> None:
        state, _ = self._known()
        if size == len(self.sums):
            return
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
        """Write down what the image is. When the database was last seen is another matter, and stays as it was."""
        state, _ = self._known()
        text = json.dumps(
            asdict(state)
            | {"position": str(state.position), "loose": sorted(state.loose)}
            | {"image": self.image.name, "sum": zlib.crc32(self.sums)}
        )
        private, seen = self.file.with_suffix(".new"), self.last_seen()
        private.write_text(text, encoding="utf-8")
        os.utime(private, ns=(seen * 1_000_000, seen * 1_000_000))
        private.replace(self.file)

    def seen(self, at: int) -> None:
        """Note that the database was still as the image is, at that moment (ms)."""
        os.utime(self.file, ns=(at * 1_000_000, at * 1_000_000))

    def last_seen(self) -> int:
        """When that was, in ms since 1970; 0 where it is not known."""
        with contextlib.suppress(OSError):
            return self.file.stat().st_mtime_ns // 1_000_000
        return 0

    def forget(self) -> None:
        """Never go on from this image; which pages are loose stays known."""
        with contextlib.suppress(OSError, Discontinuity):
            self._known()[0].torn = True
            self.note()
            return
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


def overwritten(commits: Sequence[Written], size: int) -> list[int]:
    """The pages of an image of `size` pages that these commits write over, or cut off."""
    least = min((commit.size for commit in commits), default=size)
    touched = {page for commit in commits for page in commit.pages if page <= size}
    return sorted(touched.union(range(least + 1, size + 1)))


def _name(text: str) -> str:
    if text not in IMAGES:
        raise ValueError
    return text
