"""Vaults of the tests, and the files in them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from backups import selectors
from backups.engines.sqlite import SqliteEngine
from backups.models import Backup
from backups.services import storing
from backups.vault.images import Images
from backups.vault.keys import Keyring
from backups.vault.lines import pack_name
from backups.vault.manifest import Manifest
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault

TAKEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ORIGIN = storing.Origin("demo", "school.db", TAKEN, "manual", "1.18.1", "sha256:abc", run=7)
NAME = "20260301T123000Z-r7"


def vault_at(folder: Path, shelf: Path | None = None) -> Vault:
    """A vault with its keys and images below `folder`; its shelf may be elsewhere."""
    return Vault(FolderShelf(shelf or folder / "vault"), Keyring(folder / "keys"), Images(folder / "images"))


def store(vault: Vault, database: Path, run: int = 7, *, take: bool = False) -> Manifest:
    """Store a quiet database, which stays where it is unless it is taken."""
    origin = storing.Origin("demo", "school.db", TAKEN, "manual", "1.18.1", "sha256:abc", run=run)
    return storing.store(vault, SqliteEngine(), database, origin, take=take)


def manifest_file(vault: Vault, identifier: str = NAME) -> Path:
    return vault.shelf.root / "backups" / f"{identifier}.json"


def pack_file(vault: Vault, identifier: str = NAME) -> Path:
    """The pack that backup added."""
    return vault.shelf.root / pack_name(vault.manifest(identifier).packs[-1])


def pack_of(backup: Backup) -> Path:
    """The pack a backup of the catalogue added."""
    return pack_file(selectors.vault_of(backup.environment), backup.identifier)
