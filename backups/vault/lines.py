"""The line of an environment's backups: each packs only what it adds to an earlier one, its parent (B4).

A parent is the backup before, or an earlier one, so a restore reads few packs; a line begins anew after 512 backups,
when most of the file changed, and whenever the parent's image or packs are not what they were.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backups.errors import BackupDamaged
from backups.vault import packs
from backups.vault.blocks import Digests, Image
from backups.vault.images import Images, Kept, parent_number
from backups.vault.keys import Keyring
from backups.vault.sealing import SALT_BYTES
from backups.vault.shelf import FolderShelf, explained
from smsops.errors import OpsError

PACKS = "packs"


def pack_name(digest: str) -> str:
    """Where a pack lies on its shelf."""
    return f"{PACKS}/{digest[:2]}/{digest}.pack"


@dataclass(frozen=True)
class Packed:
    """What became of an image: its place in the line, its digests, and how many bytes it added to the shelf."""

    kept: Kept
    digests: Digests
    added: int


class Line:
    """Packs images onto a shelf."""

    def __init__(self, shelf: FolderShelf, keys: Keyring, images: Images) -> None:
        self.shelf, self.keys, self.images = shelf, keys, images

    def pack(self, image: Image) -> Packed:
        """Pack what `image` adds to the parent its number asks for, or all of it; synced and read back.

        Raises BackupDamaged when the disk does not give back what was written.
        """
        digests = Digests.of(image)
        parent = self._parent(image.block)
        if parent is not None:
            found = self._delta(image, digests, *parent)
            if found is not None:
                return found
        pack, size = self._write("key", image, range(image.count), None, digests)
        root = digests.root(image.size, image.block)
        return Packed(Kept(0, (pack,), image.block, image.size, root), digests, size)

    def _number(self) -> int:
        return max((each.number for each in self.images.kept()), default=-1) + 1

    def _parent(self, block: int) -> tuple[Kept, Digests] | None:
        """What the next backup builds on, with its digests; None where a new line has to begin."""
        wanted = parent_number(self._number())
        kept = next((each for each in self.images.kept() if each.number == wanted and each.block == block), None)
        if kept is None or not all(self.sound(pack) for pack in kept.packs):
            return None
        digests = self.images.digests(kept)
        return None if digests is None else (kept, digests)

    def sound(self, pack: str) -> bool:
        """Whether a pack is there, is what it was, and can be opened; what builds on it is worth nothing otherwise."""
        try:
            with self.shelf.open(pack_name(pack)) as file:
                packs.Reader(file, pack, self.keys)  # its key may be lost
        except (OSError, OpsError):
            return False
        return True

    def _delta(self, image: Image, digests: Digests, parent: Kept, known: Digests) -> Packed | None:
        """Pack the blocks that differ; None when they are most of them, or the image at hand is not what it was."""
        # By their digests alone: an image at hand may have rotted into the very change that is to come.
        numbers = digests.differing(known)
        root = digests.root(image.size, image.block)
        if root == parent.root:
            return Packed(Kept(self._number(), parent.packs, image.block, image.size, root), digests, 0)
        if len(numbers) * 2 > image.count:
            return None
        try:
            with Image(self.images.path(parent), image.block) as old:
                if not known.match(numbers, old.gather(numbers), image.block):
                    return None
                pack, size = self._write("delta", image, numbers, (old, parent.packs[-1]), digests)
        except OSError:
            return None
        kept = Kept(self._number(), (*parent.packs, pack), image.block, image.size, root)
        return Packed(kept, digests, size)

    def _write(
        self, kind: str, image: Image, numbers: Sequence[int], parent: tuple[Image, str] | None, digests: Digests
    ) -> tuple[str, int]:
        """Write a pack, read it back, and let it appear; return its digest and size."""
        key = self.keys.current()
        old, name = parent or (None, "")
        header = packs.Header(kind, key.identity, secrets.token_hex(SALT_BYTES), image.block, image.size, name)
        with explained(self.shelf.root):
            private = self.shelf.incoming() / f"{secrets.token_hex(8)}.pack"
            try:
                digest = packs.write(private, header, key, image, numbers, old)
                self._read_back(private, digest, header, old, digests)
                size = private.stat().st_size
                self.shelf.put(pack_name(digest), private)
            finally:
                private.unlink(missing_ok=True)
        return digest, size

    def _read_back(self, pack: Path, digest: str, header: packs.Header, old: Image | None, digests: Digests) -> None:
        """Raise BackupDamaged unless the pack on the disk gives back the very blocks that went in."""
        try:
            with pack.open("rb") as file:
                for segment in packs.Reader(file, digest, self.keys).segments():
                    before = old.gather(segment.numbers) if old is not None else b""
                    if not digests.match(segment.numbers, segment.blocks(header.block, before), header.block):
                        raise BackupDamaged("other blocks came out.")
        except BackupDamaged as error:
            said = f"What was written to {self.shelf.root} is not what was given to it: {error.message}"
            raise BackupDamaged(said, fix="Look after that disk.") from None
