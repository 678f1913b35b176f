"""A vault in a folder: one subfolder per backup, with the compressed database and its manifest.

A backup appears by one rename of its finished subfolder; whatever is still below `.incoming` is nothing yet.
"""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from backups.engines.sqlite import fsync
from backups.errors import BackupDamaged
from backups.vault import packing
from backups.vault.manifest import Manifest, loads
from smsops.errors import OpsError

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

    def write(self, identifier: str, snapshot: Path, describe: Callable[[packing.Content], Manifest]) -> Manifest:
        """Store `snapshot` as a backup: compress, sync, read back, describe, and let it appear in one step.

        `describe` is told what went in and what came out, and returns the manifest. An unfinished attempt under the
        same identifier is thrown away first.
        """
        final, incoming = self.path(identifier), self.folder / INCOMING / identifier
        with explained(self.folder):
            shutil.rmtree(incoming, ignore_errors=True)
            incoming.mkdir(parents=True, mode=0o700)
            content = packing.pack(snapshot, incoming / DATABASE)
            packing.read_back(incoming / DATABASE, content)
            manifest = replace(describe(content), identifier=identifier, file=DATABASE, compression="zstd")
            (incoming / MANIFEST).write_text(manifest.dumps(), encoding="utf-8")
            fsync(incoming / MANIFEST)
            fsync(incoming)
            incoming.rename(final)
            fsync(self.folder)
        return manifest

    def manifest(self, identifier: str) -> Manifest:
        """The manifest of a finished backup; BackupDamaged when it is missing, unreadable or another one's."""
        try:
            manifest = loads((self.path(identifier) / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BackupDamaged(f"The backup {identifier} is not in the vault {self.folder}.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise BackupDamaged(f"The manifest of {identifier} cannot be read.") from error
        if manifest.identifier != identifier:
            raise BackupDamaged(f"The folder of the backup {identifier} holds {manifest.identifier}.")
        return manifest

    def read(self, identifier: str, target: Path | None = None) -> Manifest:
        """Read the whole backup back, from the disk and not from memory, writing the database to `target` if given.

        Raises OpsError when anything differs from the manifest; what was written to `target` is then removed.
        """
        manifest = self.manifest(identifier)
        source = self.path(identifier) / DATABASE
        try:
            with explained((target or source).parent):
                if not source.is_file():
                    raise BackupDamaged(f"The database of the backup {identifier} is missing from the vault.")
                found = packing.unpack(source, target)
            wanted = packing.Content(manifest.size, manifest.sha256, manifest.stored_size, manifest.stored_sha256)
            if found != wanted:
                raise BackupDamaged(f"The backup {identifier} is damaged: it is not what was stored.")
        except OpsError:
            if target is not None:
                target.unlink(missing_ok=True)
            raise
        return manifest

    def discard(self, identifier: str) -> None:
        """Remove a backup, finished or not; a missing one is fine."""
        final, aside = self.path(identifier), self.folder / INCOMING / identifier
        with explained(self.folder):
            shutil.rmtree(aside, ignore_errors=True)
            if final.exists():
                # Out of sight first, so that a kill in between leaves no backup without its database.
                aside.parent.mkdir(exist_ok=True, mode=0o700)
                final.rename(aside)
                shutil.rmtree(aside)
