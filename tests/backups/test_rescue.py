"""A backup comes back from a replica when what is here is damaged or lost."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.copies import digest_on
from backups.vault.keys import Keyring
from backups.vault.lines import pack_name
from backups.vault.remote import Site, opened
from backups.vault.rescue import rescue
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault
from tests.backups.databases import spoil
from tests.backups.replicas import FIRST, SECOND, THIRD, copy, packs
from tests.backups.vaults import manifest_file, pack_file


def test_a_backup_is_restored_straight_from_a_replica(stocked: Vault, any_site: Site, tmp_path: Path) -> None:
    stocked.read(THIRD, tmp_path / "wanted.db")
    fresh = Vault(FolderShelf(tmp_path / "fresh"), stocked.keys, stocked.images)
    with opened(any_site) as target:
        copy(stocked, target)
        assert len(rescue(target, fresh.shelf, THIRD, stocked.keys)) == len(fresh.manifest(THIRD).packs) + 1
        assert rescue(target, fresh.shelf, THIRD, stocked.keys) == []
    fresh.read(THIRD, tmp_path / "back.db")
    assert (tmp_path / "back.db").read_bytes() == (tmp_path / "wanted.db").read_bytes()


@pytest.mark.parametrize("lost", [False, True])
def test_only_what_is_damaged_or_missing_here_is_brought(
    stocked: Vault, replica: FolderShelf, tmp_path: Path, lost: bool
) -> None:
    copy(stocked, replica)
    damaged = pack_file(stocked, FIRST)
    damaged.unlink() if lost else spoil(damaged, 999)
    assert rescue(replica, stocked.shelf, SECOND, stocked.keys) == [packs(stocked)]
    stocked.read(SECOND, tmp_path / "back.db")


def test_a_damaged_manifest_here_is_replaced(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    wanted = stocked.manifest(FIRST)
    manifest_file(stocked, FIRST).write_text("{}")
    assert rescue(replica, stocked.shelf, FIRST, stocked.keys) == [f"backups/{FIRST}.json"]
    assert stocked.manifest(FIRST) == wanted


def test_what_is_damaged_there_as_well_is_named_and_spoils_nothing(stocked: Vault, replica: FolderShelf) -> None:
    copy(stocked, replica)
    spoil(replica.root / packs(stocked), 999)
    pack_file(stocked, FIRST).unlink()
    with pytest.raises(BackupDamaged, match="is not what it was") as caught:
        rescue(replica, stocked.shelf, FIRST, stocked.keys)
    assert pack_name(caught.value.pack) == packs(stocked)
    assert not pack_file(stocked, FIRST).exists()


def test_a_backup_the_replica_does_not_have_is_not_rescued(stocked: Vault, replica: FolderShelf) -> None:
    with pytest.raises(BackupDamaged, match=f"{FIRST} is not in the replica"):
        rescue(replica, stocked.shelf, FIRST, stocked.keys)


@pytest.mark.parametrize("data", [b"{}", b"\xff\xfe\x00", b'{"format": 2, "packs": []}'])
def test_a_manifest_that_is_damaged_there_replaces_nothing(stocked: Vault, replica: FolderShelf, data: bytes) -> None:
    copy(stocked, replica)
    (replica.root / "backups" / f"{FIRST}.json").write_bytes(data)
    before = hashlib.sha256(manifest_file(stocked, FIRST).read_bytes()).hexdigest()
    with pytest.raises(BackupDamaged):
        rescue(replica, stocked.shelf, FIRST, stocked.keys)
    assert digest_on(stocked.shelf, f"backups/{FIRST}.json") == before


def test_without_its_key_a_backup_is_not_rescued_and_the_key_is_named(
    stocked: Vault, replica: FolderShelf, tmp_path: Path
) -> None:
    copy(stocked, replica)
    with pytest.raises(KeyUnusable, match="import-keys"):
        rescue(replica, FolderShelf(tmp_path / "fresh"), FIRST, Keyring(tmp_path / "no-keys"))
