"""One file of a vault on its way from one shelf to another: fetched whole, checked, and only then put."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from backups.errors import BackupDamaged
from backups.vault.lines import pack_name
from backups.vault.packs import PIECE
from backups.vault.shelf import FolderShelf, Shelf, explained, make_private
from backups.vault.store import BACKUPS
from smsops.errors import OpsError


@runtime_checkable
class Remote(Protocol):
    """What a shelf on another machine can do besides."""

    def size(self, name: str) -> int:
        """How many bytes a file has; FileNotFoundError when it is missing."""

    def prolong(self, name: str) -> None:
        """Lock a file anew, where files are locked."""


@dataclass(frozen=True)
class Copy:
    """A file fetched from a shelf: where it lies now, its SHA-256 and its bytes."""

    path: Path
    digest: str
    size: int


def manifest_name(identifier: str) -> str:
    """Where a manifest lies on its shelf."""
    return f"{BACKUPS}/{identifier}.json"


def identifiers(shelf: Shelf) -> list[str]:
    """Every backup on a shelf, oldest first."""
    return [name.removesuffix(".json") for name in shelf.names(BACKUPS) if name.endswith(".json")]


def packs_of(manifest: bytes) -> list[str]:
    """The packs a manifest names, without asking who signed it; BackupDamaged when it is none."""
    try:
        packs = json.loads(manifest)["packs"]
    except (ValueError, TypeError, KeyError):
        packs = None
    if not isinstance(packs, list) or not all(isinstance(pack, str) and pack.isalnum() for pack in packs):
        raise BackupDamaged("The backup's manifest is damaged.")
    return packs


def size_on(shelf: Shelf, name: str) -> int | None:
    """The bytes of a file on a shelf, None where it is missing."""
    try:
        if isinstance(shelf, Remote):
            return shelf.size(name)
        with shelf.open(name) as file:
            return file.seek(0, os.SEEK_END)
    except FileNotFoundError:
        return None


def digest_on(shelf: Shelf, name: str) -> str | None:
    """The SHA-256 of a file on a shelf, read to its end; None where it is missing."""
    found = hashlib.sha256()
    try:
        with shelf.open(name) as file:
            while piece := file.read(PIECE):
                found.update(piece)
    except FileNotFoundError:
        return None
    return found.hexdigest()


class Tray:
    """Files under way to one shelf, in a folder it can take them from; one tray at a time for each. What a killed one
    left is thrown away."""

    def __init__(self, target: Shelf, folder: Path) -> None:
        # A shelf in a folder takes a file by renaming it, which needs the same disk.
        self.folder = target.incoming() if isinstance(target, FolderShelf) else folder
        with explained(self.folder):
            make_private(self.folder)
            for path in self.folder.glob("*.copy"):
                path.unlink(missing_ok=True)

    def fetch(self, shelf: Shelf, name: str) -> Copy:
        """Fetch a file and sync it; FileNotFoundError when the shelf has none. Whoever asked for it removes it."""
        path, found, size = self.folder / f"{secrets.token_hex(8)}.copy", hashlib.sha256(), 0
        try:
            with shelf.open(name) as source, explained(self.folder), path.open("xb") as file:
                while piece := source.read(PIECE):
                    found.update(piece)
                    size += file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Copy(path, found.hexdigest(), size)

    def fetch_pack(self, shelf: Shelf, digest: str) -> Copy:
        """Fetch a pack; BackupDamaged when it is missing or not what its name says."""
        try:
            copy = self.fetch(shelf, pack_name(digest))
        except FileNotFoundError:
            raise BackupDamaged(f"The pack {digest[:16]}… is missing.", pack=digest) from None
        if copy.digest != digest:
            copy.path.unlink(missing_ok=True)
            raise BackupDamaged(f"The pack {digest[:16]}… is not what it was.", pack=digest)
        return copy


def read(shelf: Shelf, name: str, most: int = 16 * 1024 * 1024) -> bytes:
    """A small file, such as a manifest."""
    with shelf.open(name) as file:
        data = file.read(most)
    if len(data) == most:
        raise OpsError(f"{name} is longer than any manifest.")
    return data
