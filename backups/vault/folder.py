"""A vault in a folder: one subfolder per backup, with the compressed database and its manifest.

A backup appears by one rename of its finished subfolder; whatever is still below `.incoming` is nothing yet.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import zstandard

from backups.engines.sqlite import fsync
from backups.errors import BackupDamaged
from backups.vault.hashing import SideHash
from backups.vault.manifest import Manifest, loads
from smsops.errors import OpsError

CHUNK = 1024 * 1024
LEVEL = 1  # measured: level 3 takes a third longer for 5 % less (research/backups.md §1)
DATABASE, MANIFEST, INCOMING = "database.sqlite3.zst", "manifest.json", ".incoming"
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@contextlib.contextmanager
def explained(root: Path) -> Iterator[None]:
    """Turn file errors below the vault into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OpsError(f"The disk of {root} is full.", fix="Make room, then try again.") from error
        raise OpsError(f"The folder {root} cannot be used: {error.strerror or error}.") from error


class FolderVault:
    """Keeps the backups of one environment below `root`/`environment`."""

    def __init__(self, root: Path, environment: str) -> None:
        self.folder = root / environment

    def path(self, identifier: str) -> Path:
        """Where a backup is, or would be."""
        if not _IDENTIFIER.fullmatch(identifier):
            raise OpsError(f"“{identifier}” is not the identifier of a backup.")
        return self.folder / identifier

    def identifiers(self) -> list[str]:
        """All finished backups, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(entry.name for entry in self.folder.iterdir() if (entry / MANIFEST).is_file())

    def write(self, identifier: str, snapshot: Path, describe: Callable[[str, int], Manifest]) -> Manifest:
        """Store `snapshot` as a backup: compress, sync, describe, and let it appear in one step.

        `describe` is given the SHA-256 of the snapshot and the stored size, and returns the manifest. An unfinished
        attempt under the same identifier is thrown away first.
        """
        final, incoming = self.path(identifier), self.folder / INCOMING / identifier
        with explained(self.folder):
            shutil.rmtree(incoming, ignore_errors=True)
            incoming.mkdir(parents=True, mode=0o700)
            digest, stored = _compress(snapshot, incoming / DATABASE)
            manifest = replace(describe(digest, stored), identifier=identifier, file=DATABASE, compression="zstd")
            (incoming / MANIFEST).write_text(manifest.dumps(), encoding="utf-8")
            fsync(incoming / MANIFEST)
            fsync(incoming)
            incoming.rename(final)
            fsync(self.folder)
        return manifest

    def manifest(self, identifier: str) -> Manifest:
        """The manifest of a finished backup."""
        try:
            return loads((self.path(identifier) / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BackupDamaged(f"The backup {identifier} is not in the vault {self.folder}.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise BackupDamaged(f"The manifest of {identifier} cannot be read.") from error

    def read(self, identifier: str, target: Path | None = None) -> Manifest:
        """Read the whole backup back, from the disk and not from memory, writing the database to `target` if given.

        Raises OpsError when anything differs from the manifest; what was written to `target` is then removed.
        """
        manifest = self.manifest(identifier)
        source = self.path(identifier) / DATABASE
        try:
            with explained((target or source).parent):
                digest, size = _decompress(source, target)
            if size != manifest.size:
                raise BackupDamaged(f"The backup {identifier} is damaged: {size} of {manifest.size} bytes can be read.")
            if digest != manifest.sha256:
                raise BackupDamaged(f"The backup {identifier} is damaged: its content is not what was stored.")
        except OpsError:
            if target is not None:
                target.unlink(missing_ok=True)
            raise
        return manifest

    def discard(self, identifier: str) -> None:
        """Remove a backup, finished or not; a missing one is fine."""
        with explained(self.folder):
            shutil.rmtree(self.folder / INCOMING / identifier, ignore_errors=True)
            if self.path(identifier).exists():
                # Out of sight first, so that a kill in between leaves no backup without its database.
                self.path(identifier).rename(self.folder / INCOMING / identifier)
                shutil.rmtree(self.folder / INCOMING / identifier)


def _compress(source: Path, target: Path) -> tuple[str, int]:
    """Compress a file; return the SHA-256 of what went in and the bytes that came out."""
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True)
    with source.open("rb") as raw, target.open("wb") as file, SideHash() as digest:
        size = source.stat().st_size
        with compressor.stream_writer(file, size=size, closefd=False) as stream:
            while chunk := raw.read(CHUNK):
                digest.update(chunk)
                stream.write(chunk)
        file.flush()
        os.fsync(file.fileno())
        _forget(file.fileno())
        return digest.hexdigest(), target.stat().st_size


def _decompress(source: Path, target: Path | None) -> tuple[str, int]:
    """Read a compressed file; return the SHA-256 and the size of what came out. Damage raises OpsError."""
    size = 0
    with contextlib.ExitStack() as stack:
        digest = stack.enter_context(SideHash())
        file = stack.enter_context(source.open("rb"))
        copy = stack.enter_context(target.open("wb")) if target is not None else None
        try:
            for chunk in zstandard.ZstdDecompressor().read_to_iter(file, read_size=CHUNK, write_size=CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if copy is not None:
                    copy.write(chunk)
        except zstandard.ZstdError as error:
            raise BackupDamaged(f"The backup file {source.name} is damaged and cannot be unpacked.") from error
        if copy is not None:
            copy.flush()
            os.fsync(copy.fileno())
        return digest.hexdigest(), size


def _forget(handle: int) -> None:
    """Ask the kernel to drop its copy, so that reading back asks the disk."""
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
