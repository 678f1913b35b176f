"""The images coming backups are compared with, kept at hand beside the worker: a cache, worth nothing but time.

An image is kept with the digests of its blocks. Whatever was changed by accident is noticed before it is used: the
digests by the root in the index, a block by its digest.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from backups.vault.blocks import Digests

INDEX = "index.json"
# Measured on a week of a school: were a parent always 1, 8 or 64 back, the worst restore would bring 38,000 blocks for
# the 3,400 that ever change, with 64 from the start of the line 17,000, and a week needs 69 MB instead of 52.
NEAR, STRETCH, PERIOD = 8, 64, 512


@dataclass(frozen=True)
class Kept:
    """An image at hand: its number in its line of backups, the packs it is built from (oldest first), and its root."""

    number: int
    packs: tuple[str, ...]
    block: int
    size: int
    root: str


def parent_number(number: int) -> int | None:
    """Which earlier one a backup builds on: the one before; every eighth on the eighth before; and every 64th on the
    start of its line, which builds on none. So a restore reads at most sixteen packs."""
    if number % PERIOD == 0:
        return None
    if number % STRETCH == 0:
        return _start(number, PERIOD)
    return number - (1 if number % NEAR else NEAR)


def wanted_after(number: int) -> set[int]:
    """The numbers whose images the backups after `number` will be compared with."""
    return {number, _start(number, NEAR), _start(number, PERIOD)}


def _start(number: int, length: int) -> int:
    return number // length * length


class Images:
    """The images of one environment in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def kept(self) -> list[Kept]:
        """What is at hand, oldest first; nothing where the index is missing or unreadable."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            digest, _, text = (self.folder / INDEX).read_text(encoding="utf-8").partition("\n")
            if hashlib.sha256(text.encode()).hexdigest() != digest:
                return []
            listed = json.loads(text)["images"]
            return [Kept(**{**each, "packs": tuple(each["packs"])}) for each in listed]
        return []

    def newest(self) -> Path | None:
        """The bytes of the last one, which may have rotted; None where none is at hand."""
        kept = self.kept()
        return self.path(kept[-1]) if kept else None

    def path(self, kept: Kept) -> Path:
        """Where its bytes are."""
        return self.folder / f"{kept.root}.image"

    def digests(self, kept: Kept) -> Digests | None:
        """The digests of its blocks; None when they, or the image, are not what was put here."""
        with contextlib.suppress(OSError):
            digests = Digests((self.folder / f"{kept.root}.digests").read_bytes())
            if digests.root(kept.size, kept.block) == kept.root and self.path(kept).stat().st_size == kept.size:
                return digests
        return None

    def take(self, image: Path, kept: Kept, digests: Digests) -> None:
        """Take over the file `image`, and let go of those no later backup needs."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / f"{kept.root}.digests").write_bytes(digests.data)
        self._move(image, self.path(kept))
        wanted = wanted_after(kept.number)
        before = [each for each in self.kept() if each.number in wanted and each.number < kept.number]
        self._write([*before, kept])

    def _move(self, image: Path, target: Path) -> None:
        """Rename the file, or copy it from another disk: without it the next backup would be a full one."""
        try:
            image.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            private = self.folder / f".{secrets.token_hex(4)}"
            try:
                shutil.copyfile(image, private)
                private.replace(target)
            finally:
                private.unlink(missing_ok=True)
            image.unlink()

    def clear(self) -> None:
        """Let go of everything."""
        self._write([])

    def _write(self, listed: list[Kept]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private = self.folder / f".{secrets.token_hex(4)}"
        text = json.dumps({"images": [asdict(each) for each in listed]})
        private.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}", encoding="utf-8")
        private.replace(self.folder / INDEX)
        names = {INDEX} | {f"{each.root}.{kind}" for each in listed for kind in ("image", "digests")}
        for path in self.folder.iterdir():
            if path.name not in names and not path.is_dir():
                path.unlink(missing_ok=True)
