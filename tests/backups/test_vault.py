"""The vault: a backup appears in one step, comes back exactly, and nothing else ever looks like one."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from backups.engines.sqlite import SqliteEngine
from backups.services import storing
from backups.vault import packs
from backups.vault.manifest import Manifest
from backups.vault.store import Stored, Vault
from smsops.errors import OpsError
from tests.backups.databases import REVISION, make
from tests.backups.vaults import NAME, ORIGIN, TAKEN, manifest_file, pack_file, store, vault_at
from tests.kills import die, killed


def test_a_backup_comes_back_exactly(vault: Vault, database: Path, tmp_path: Path) -> None:
    store(vault, database)
    manifest = vault.read(NAME, tmp_path / "back.db")
    assert (tmp_path / "back.db").read_bytes() == database.read_bytes()
    assert manifest == vault.manifest(NAME)


def test_a_manifest_says_all_that_is_needed(vault: Vault, database: Path) -> None:
    store(vault, database)
    raw = json.loads(manifest_file(vault).read_text())
    facts = SqliteEngine().facts(database)
    assert (raw["identifier"], raw["taken_at"]) == (NAME, "2026-03-01T12:30:00+00:00")
    assert (raw["release_version"], raw["image_id"], raw["schema_revision"]) == ("1.18.1", "sha256:abc", REVISION)
    assert (raw["size"], raw["block"]) == (facts.size, facts.page_size)
    assert raw["stored_size"] == pack_file(vault).stat().st_size
    assert (raw["row_counts"], raw["check"], raw["format"]) == (facts.row_counts, "ok", 2)
    assert (len(raw["packs"]), raw["key"]) == (1, vault.keys.current().identity)


def test_what_is_stored_can_be_read_by_nobody_without_the_key(vault: Vault, database: Path, tmp_path: Path) -> None:
    store(vault, database)
    assert not [path for path in vault.shelf.root.rglob("*") if path.is_file() and b"Student 1" in path.read_bytes()]
    stranger = vault_at(tmp_path / "elsewhere", vault.shelf.root)
    with pytest.raises(OpsError, match=r"The key [0-9a-f]{16} is not in .*import-keys FILE"):
        stranger.read(NAME, tmp_path / "back.db")
    assert not (tmp_path / "back.db").exists()


def test_a_backup_appears_in_one_step(vault: Vault, database: Path) -> None:
    listed: list[list[str]] = []

    def describe(stored: Stored) -> Manifest:
        listed.append(vault.identifiers())
        return storing.manifest_of(NAME, ORIGIN, SqliteEngine().facts(database), stored)

    vault.write(NAME, database, 4096, describe)
    assert (listed, vault.identifiers()) == ([[]], [NAME])


def die_while_storing(vault: Vault, database: Path) -> None:
    """A worker is killed when the pack is written and the manifest is not."""
    killed(lambda: vault.write(NAME, database, 4096, die))


def loose(vault: Vault) -> list[Path]:
    """Every pack on the shelf."""
    return sorted(vault.shelf.root.rglob("*.pack"))


def test_an_attempt_that_was_killed_is_no_backup(vault: Vault, database: Path, tmp_path: Path) -> None:
    die_while_storing(vault, database)
    assert (vault.identifiers(), len(loose(vault))) == ([], 1)
    with pytest.raises(OpsError, match=f"{NAME} is not in the vault"):
        vault.read(NAME, tmp_path / "back.db")


def test_what_a_killed_attempt_left_is_swept_up_and_a_backup_is_not(vault: Vault, database: Path) -> None:
    die_while_storing(vault, database)
    (vault.shelf.incoming() / "half.pack").write_bytes(b"x")
    store(vault, database)
    assert vault.collect() == 1
    assert loose(vault) == [pack_file(vault)]
    assert list(vault.shelf.incoming().iterdir()) == []


def test_packs_of_discarded_backups_go_and_those_that_others_need_stay(
    vault: Vault, database: Path, tmp_path: Path
) -> None:
    content = database.read_bytes()
    for run in (1, 2, 3):
        (tmp_path / "snapshot.db").write_bytes(content + bytes([run]) * 4096)
        store(vault, tmp_path / "snapshot.db", run, take=True)
    for run in (1, 2):
        vault.discard(f"20260301T123000Z-r{run}")
    assert vault.collect() == 0
    vault.read("20260301T123000Z-r3", tmp_path / "back.db")
    assert (tmp_path / "back.db").read_bytes() == content + b"\3" * 4096
    vault.discard("20260301T123000Z-r3")
    assert vault.collect() == 3
    assert loose(vault) == []


def test_nothing_is_swept_up_while_a_manifest_cannot_be_read(vault: Vault, database: Path) -> None:
    store(vault, database, 1)
    store(vault, database, 2)
    manifest_file(vault, "20260301T123000Z-r1").write_text("{")
    with pytest.raises(OpsError, match="manifest"):
        vault.collect()
    assert len(loose(vault)) == 2


def test_backups_are_listed_oldest_first(vault: Vault, database: Path) -> None:
    for run, day in ((3, 5), (1, 4), (2, 6)):
        origin = storing.Origin("demo", "school.db", TAKEN.replace(day=day), "manual", run=run)
        storing.store(vault, SqliteEngine(), database, origin, take=False)
    assert [name.split("T")[0] for name in vault.identifiers()] == ["20260304", "20260305", "20260306"]


def test_an_empty_vault_lists_nothing(vault: Vault) -> None:
    assert vault.identifiers() == []
    assert vault.collect() == 0


def test_a_discarded_backup_is_gone_and_another_is_not(vault: Vault, database: Path) -> None:
    store(vault, database)
    store(vault, database, 8)
    vault.discard(NAME)
    vault.discard(NAME)
    assert vault.identifiers() == ["20260301T123000Z-r8"]


@pytest.mark.parametrize("bad", ["", ".", "..", "../x", "a/b", "/etc", ".incoming", "-x", "a\0b", "a b", "ä", "x\n"])
def test_what_is_no_identifier_reaches_no_file(vault: Vault, tmp_path: Path, bad: str) -> None:
    for reach in (vault.manifest, vault.discard, lambda name: vault.read(name, tmp_path / "back.db")):
        with pytest.raises(OpsError, match="is not the identifier of a backup"):
            reach(bad)


def test_a_backup_is_never_written_over(vault: Vault, database: Path, tmp_path: Path) -> None:
    first = store(vault, database)
    with pytest.raises(OpsError, match="never written over"):
        store(vault, make(tmp_path / "other.db", rows=3))
    assert vault.read(NAME, tmp_path / "back.db") == first


def test_a_backup_is_for_nobody_else_to_read(vault: Vault, database: Path) -> None:
    store(vault, database)
    assert {path.stat().st_mode & 0o077 for path in vault.shelf.root.rglob("*") if path.is_dir()} == {0}


def test_a_disk_that_fills_up_leaves_no_backup(disk: Path, tmp_path: Path) -> None:
    vault = vault_at(tmp_path, disk)
    with contextlib.suppress(OpsError):
        store(vault, make(tmp_path / "big.db", filler=4_000_000))
    assert vault.identifiers() == []


def test_a_full_disk_under_what_is_read_is_one_sentence_and_no_copy(vault: Vault, disk: Path, tmp_path: Path) -> None:
    store(vault, make(tmp_path / "big.db", filler=4_000_000))
    with pytest.raises(OpsError) as caught:
        vault.read(NAME, disk / "back.db")
    assert str(caught.value) == f"The disk of {disk} is full. Make room, then try again."
    assert list(disk.iterdir()) == []
    assert vault.read(NAME, tmp_path / "back.db").identifier == NAME


def test_a_vault_that_cannot_be_written_is_named(database: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OpsError, match=r"The folder .*/file/demo cannot be used: Not a directory"):
        store(vault_at(tmp_path, tmp_path / "file" / "demo"), database)


def test_a_damaged_database_is_stored_with_its_damage_named(vault: Vault, tmp_path: Path) -> None:
    live = make(tmp_path / "live.db", rows=3000, journal="delete")
    with live.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096)
    assert store(vault, live).check != "ok"
    vault.read(NAME, tmp_path / "back.db")
    assert (tmp_path / "back.db").read_bytes() == live.read_bytes()


def test_what_was_not_written_as_it_was_packed_never_becomes_a_backup(
    vault: Vault, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that keeps another byte than it was given: seen when the pack is read back, before anything counts."""
    write = packs.write

    def onto_a_bad_disk(target: Path, *args: object) -> str:
        digest = write(target, *args)  # type: ignore[arg-type]
        data = bytearray(target.read_bytes())
        data[len(data) // 2] ^= 1
        target.write_bytes(data)
        return digest

    monkeypatch.setattr(packs, "write", onto_a_bad_disk)
    with pytest.raises(OpsError, match=r"is not what was given to it: the pack .* has another digest"):
        store(vault, database)
    assert vault.identifiers() == []


def test_what_is_done_beside_a_restore_sees_the_whole_file_and_its_errors_come_out(
    vault: Vault, database: Path, tmp_path: Path
) -> None:
    store(vault, database)
    seen: list[bytes] = []
    vault.read(NAME, tmp_path / "back.db", beside=lambda: seen.append((tmp_path / "back.db").read_bytes()))
    assert seen == [database.read_bytes()]
    with pytest.raises(ZeroDivisionError):
        vault.read(NAME, tmp_path / "back.db", beside=lambda: 1 / 0)
    assert not (tmp_path / "back.db").exists()


def test_an_unpacked_backup_comes_with_what_the_engine_says_of_it(vault: Vault, database: Path, tmp_path: Path) -> None:
    stored = store(vault, database)
    manifest, facts = storing.unpack(vault, SqliteEngine(), NAME, tmp_path / "back.db")
    assert (manifest, facts.row_counts, facts.problem) == (stored, stored.row_counts, "")
