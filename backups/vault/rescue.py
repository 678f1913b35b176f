"""Brings backups back from a replica (B8)."""

from __future__ import annotations

import hashlib

from backups.errors import BackupDamaged
from backups.vault import copies
from backups.vault import manifest as manifests
from backups.vault.copies import Tray, digest_on, manifest_name
from backups.vault.keys import Keyring
from backups.vault.lines import pack_name
from backups.vault.shelf import FolderShelf, Shelf


def rescue(remote: Shelf, local: FolderShelf, identifier: str, keys: Keyring) -> list[str]:
    """Bring a backup back from a replica: whatever of it `local` lacks or has damaged; returns the names of
    what was brought.

    Packs first, the manifest last, each checked before it appears; may be killed and run again. Raises BackupDamaged,
    naming the pack, when the replica has it damaged as well or not at all; KeyUnusable when the backup's key is not
    here.
    """
    name = manifest_name(identifier)
    tray = Tray(local, local.root)
    brought: list[str] = []
    manifest, data = _manifest_from(remote, identifier, keys)
    for digest in manifest.packs:
        if digest_on(local, pack_name(digest)) != digest:
            local.replace(pack_name(digest), tray.fetch_pack(remote, digest).path)
            brought.append(pack_name(digest))
    if digest_on(local, name) != hashlib.sha256(data).hexdigest():
        local.replace(name, tray.fetch(remote, name).path)
        brought.append(name)
    return brought


def _manifest_from(remote: Shelf, identifier: str, keys: Keyring) -> tuple[manifests.Manifest, bytes]:
    """A manifest of the replica, its signature checked, and its bytes."""
    try:
        data = copies.read(remote, manifest_name(identifier))
        found = manifests.loads(data.decode(), keys)
    except FileNotFoundError:
        raise BackupDamaged(f"The backup {identifier} is not in the replica.") from None
    except UnicodeDecodeError:
        raise BackupDamaged(f"The manifest of {identifier} in the replica cannot be read.") from None
    if found.identifier != identifier:
        raise BackupDamaged(f"The manifest of the backup {identifier} is that of {found.identifier}.")
    return found, data
