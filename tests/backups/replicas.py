"""A vault with backups in it, copied to a replica and looked at there."""

from __future__ import annotations

import shutil
from pathlib import Path

from backups.vault.copies import digest_on, identifiers, packs_of, read
from backups.vault.lines import pack_name
from backups.vault.replication import Report, Sampling, replicate
from backups.vault.shelf import Shelf
from backups.vault.store import Vault
from tests.backups.databases import change, make
from tests.backups.vaults import store

FIRST, SECOND, THIRD = (f"20260301T123000Z-r{number}" for number in (1, 2, 3))
ALL = Sampling(packs=1, older=1000)


def fill(vault: Vault, folder: Path, count: int, filler: int = 30_000) -> Vault:
    """So many backups, each but the first building on the one before."""
    database = make(folder / "line.db", filler=filler)
    for run in range(1, count + 1):
        shutil.copy(database, folder / "snapshot.db")
        store(vault, folder / "snapshot.db", run, take=True)
        change(database, f"UPDATE students SET name = 'Renamed' WHERE id = {run}")
    return vault


def copy(vault: Vault, target: Shelf, sampling: Sampling = ALL, seconds: float = 60) -> Report:
    """Replicate the vault."""
    work = vault.shelf.root.parent / "under-way"
    return replicate(vault.shelf, target, vault.keys, work, sampling, seconds=seconds)


def whole(shelf: Shelf) -> list[str]:
    """The backups listed on a shelf; fails unless every pack of each is there and right."""
    listed = identifiers(shelf)
    packs = {pack for identifier in listed for pack in packs_of(read(shelf, f"backups/{identifier}.json"))}
    assert not [pack for pack in packs if digest_on(shelf, pack_name(pack)) != pack]
    return listed


def packs(vault: Vault, identifier: str = FIRST) -> str:
    """The name of the pack that backup added."""
    return pack_name(vault.manifest(identifier).packs[-1])
