"""The vault of one environment: backups that share what did not change, each restorable by itself (B3, B4).

A backup is a manifest that names its packs. It appears with its manifest, which is written last; a pack no manifest
names is nothing yet, or nothing any more, and is swept up later.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from backups.errors import BackupDamaged
from backups.vault import manifest as manifests
from backups.vault import tidiness
from backups.vault.blocks import Image
from backups.vault.building import build
from backups.vault.images import Images
from backups.vault.keys import Keyring
from backups.vault.lines import PACKS, Line, pack_name
from backups.vault.manifest import Manifest
from backups.vault.shelf import FolderShelf, explained
from smsops.errors import OpsError

BACKUPS = "backups"


@dataclass(frozen=True)
class Stored:
    """What became of a file that was stored: sizes in bytes, `stored_size` only what it added to the vault."""

    size: int
    stored_size: int
    block: int
    root: str
    packs: list[str]


class Vault:
    """Keeps the backups of one environment on a shelf."""

    def __init__(self, shelf: FolderShelf, keys: Keyring, images: Images) -> None:
        self.shelf, self.keys, self.images = shelf, keys, images

    def identifiers(self) -> list[str]:
        """All backups, oldest first."""
        listed = [name.removesuffix(".json") for name in self.shelf.names(BACKUPS) if name.endswith(".json")]
        return [name for name in listed if tidiness.IDENTIFIER.fullmatch(name)]

    def complaints(self) -> list[str]:
        """Sentences about what should not be so in its folders: files that are not its own, manifests and keys that are
        not as they were written, and folders open to others, which are closed where that can be done."""
        return [*tidiness.named(self.shelf), *self._changed_manifests(), *self.keys.complaints(), *self._close_off()]

    def _changed_manifests(self) -> Iterator[str]:
        for identifier in self.identifiers():
            try:
                self.manifest(identifier)
                with self.shelf.open(self._name(identifier)) as file:
                    if not manifests.exact(file.read().decode()):
                        yield f"The manifest of {identifier} was changed; what it says is signed and right."
            except FileNotFoundError:
                continue  # discarded just now
            except OpsError as error:
                yield f"{identifier}: {error}"

    def _close_off(self) -> list[str]:
        return tidiness.tighten(self.shelf.root, self.keys.folder, self.images.folder)

    def write(
        self, identifier: str, snapshot: Path, block: int, describe: Callable[[Stored], Manifest], *, take: bool = True
    ) -> Manifest:
        """Store `snapshot` as a backup: pack what is new, sync, read back, describe, and let it appear.

        `describe` is told what was stored and returns the manifest. With `take` the file is taken over, for the next
        backup to be compared with, and is gone afterwards. Raises OpsError when there is such a backup already.
        """
        if self.shelf.exists(self._name(identifier)):
            raise OpsError(f"There is a backup {identifier} already; a backup is never written over.")
        self._close_off()
        with explained(snapshot.parent), Image(snapshot, block) as image:
            packed = Line(self.shelf, self.keys, self.images).pack(image)
        kept = packed.kept
        manifest = describe(Stored(kept.size, packed.added, block, kept.root, list(kept.packs)))
        if manifest.identifier != identifier:
            raise OpsError(f"The manifest of {identifier} says it is that of {manifest.identifier}.")
        if lost := [pack for pack in kept.packs if not self.shelf.exists(pack_name(pack))]:
            raise OpsError(f"The pack {lost[0][:16]}… was swept up meanwhile.", transient=True)
        self._let_appear(manifest)
        if take:
            with contextlib.suppress(OSError):  # only a cache: without it the next backup is larger
                self.images.take(snapshot, kept, packed.digests)
        return manifest

    def _let_appear(self, manifest: Manifest) -> None:
        with explained(self.shelf.root):
            private = self.shelf.incoming() / f"{secrets.token_hex(8)}.json"
            try:
                with private.open("w", encoding="utf-8") as file:
                    file.write(manifests.dumps(manifest, self.keys))
                    file.flush()
                    os.fsync(file.fileno())
                self.shelf.put(self._name(manifest.identifier), private)
            finally:
                private.unlink(missing_ok=True)

    def manifest(self, identifier: str) -> Manifest:
        """The manifest of a backup; BackupDamaged when it is missing, unreadable or another one's."""
        try:
            with self.shelf.open(self._name(identifier)) as file:
                found = manifests.loads(file.read().decode(), self.keys)
        except FileNotFoundError:
            raise BackupDamaged(f"The backup {identifier} is not in the vault {self.shelf.root}.") from None
        except UnicodeDecodeError as error:
            raise BackupDamaged(f"The manifest of {identifier} cannot be read.") from error
        if found.identifier != identifier:
            raise BackupDamaged(f"The manifest of the backup {identifier} is that of {found.identifier}.")
        return found

    def read(self, identifier: str, target: Path, *, beside: Callable[[], object] = lambda: None) -> Manifest:
        """Build the backup's file at `target` from its packs, every block checked, and sync it.

        `beside` is called when everything is in the file, while it is digested and synced. Raises BackupDamaged when
        anything is missing or not what was stored; `target` is then removed.
        """
        manifest = self.manifest(identifier)
        try:
            with explained(target.parent):
                build(self.shelf, self.keys, manifest, target, beside)
        except BackupDamaged as error:
            raise BackupDamaged(f"The backup {identifier} is damaged: {error.message}", pack=error.pack) from None
        return manifest

    def size(self) -> int:
        """Bytes of everything on the shelf."""
        return self.shelf.size(BACKUPS) + sum(
            self.shelf.size(f"{PACKS}/{folder}") for folder in self.shelf.names(PACKS)
        )

    def relying_on(self, pack: str) -> list[str]:
        """Backups that cannot be restored without this pack."""
        found = []
        for identifier in self.identifiers():
            with contextlib.suppress(OpsError):
                if pack in self.manifest(identifier).packs:
                    found.append(identifier)
        return found

    def discard(self, identifier: str) -> None:
        """Remove a backup; a missing one is fine. Its packs go with the next `collect`, where no other needs them."""
        self.shelf.remove(self._name(identifier))

    def in_use(self) -> contextlib.AbstractContextManager[None]:
        """Keep `collect` away meanwhile: for whoever reads many packs, such as copying them elsewhere."""
        return self.shelf.locked(alone=False)

    def collect(self) -> int:
        """Remove packs that no backup needs and what killed writers left; returns how many packs that were.

        Raises BackupDamaged, and removes nothing, when a manifest cannot be read: what it needs is not known. OpsError,
        transient, while the vault is in use.
        """
        with self.shelf.locked(alone=True):
            return self._collect()

    def _collect(self) -> int:
        needed = {pack for identifier in self.identifiers() for pack in self.manifest(identifier).packs}
        paths = [
            f"{folder}/{name}" for folder in self.shelf.names(PACKS) for name in self.shelf.names(f"{PACKS}/{folder}")
        ]
        here = [path[3:].removesuffix(".pack") for path in paths if tidiness.is_pack(path)]
        loose = [digest for digest in here if digest not in needed]
        for digest in loose:
            self.shelf.remove(pack_name(digest))
        self.shelf.clear_incoming()
        self.keys.sweep()
        return len(loose)

    @staticmethod
    def _name(identifier: str) -> str:
        if not tidiness.IDENTIFIER.fullmatch(identifier):
            raise OpsError(f"“{identifier}” is not the identifier of a backup.")
        return f"{BACKUPS}/{identifier}.json"
