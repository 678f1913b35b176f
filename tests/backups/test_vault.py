"""The vault in a folder: written in one step, read back exactly, readable without smsops."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backups.engines.sqlite import SqliteEngine
from backups.services import storing
from backups.vault import packing
from backups.vault.folder import FolderVault
from backups.vault.manifest import Manifest
from backups.vault.packing import Content
from smsops.errors import OpsError
from tests.backups.databases import REVISION, make

TAKEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ORIGIN = storing.Origin("demo", "school.db", TAKEN, "manual", "1.18.1", "sha256:abc", run=7)
NAME = "20260301T123000Z-r7"


def store(vault: FolderVault, database: Path) -> Manifest:
    return storing.store(vault, SqliteEngine(), database, ORIGIN)


def test_a_backup_is_read_back_exactly(vault: FolderVault, database: Path, tmp_path: Path) -> None:
    store(vault, database)
    manifest = vault.read(NAME, tmp_path / "back.db")
    assert (tmp_path / "back.db").read_bytes() == database.read_bytes()
    assert manifest == vault.manifest(NAME)


def test_a_manifest_says_all_that_is_needed(vault: FolderVault, database: Path) -> None:
    store(vault, database)
    raw = json.loads((vault.path(NAME) / "manifest.json").read_text())
    facts = SqliteEngine().facts(database)
    assert raw["identifier"] == NAME
    assert raw["taken_at"] == "2026-03-01T12:30:00+00:00"
    assert (raw["release_version"], raw["image_id"], raw["schema_revision"]) == ("1.18.1", "sha256:abc", REVISION)
    assert (raw["size"], raw["page_count"], raw["page_size"]) == (facts.size, facts.page_count, facts.page_size)
    assert raw["stored_size"] == (vault.path(NAME) / raw["file"]).stat().st_size
    assert (raw["row_counts"], raw["check"], raw["format"]) == (facts.row_counts, "ok", 1)


READER = """
import hashlib, json, pathlib, sys, zstandard
folder, target = map(pathlib.Path, sys.argv[1:])
manifest = json.loads((folder / "manifest.json").read_text())
with (folder / manifest["file"]).open("rb") as stored, target.open("wb") as out:
    zstandard.ZstdDecompressor().copy_stream(stored, out)
assert hashlib.sha256(target.read_bytes()).hexdigest() == manifest["sha256"]
assert "smsops" not in sys.modules and "backups" not in sys.modules
"""


def test_a_backup_can_be_read_without_smsops(vault: FolderVault, database: Path, tmp_path: Path) -> None:
    store(vault, database)
    words = [sys.executable, "-I", "-c", READER, str(vault.path(NAME)), str(tmp_path / "back.db")]
    subprocess.run(words, check=True, cwd=tmp_path)
    assert (tmp_path / "back.db").read_bytes() == database.read_bytes()


def test_a_backup_appears_in_one_step(vault: FolderVault, database: Path) -> None:
    listed: list[list[str]] = []

    def describe(content: Content) -> Manifest:
        listed.append(vault.identifiers())
        return storing.manifest_of(ORIGIN, SqliteEngine().facts(database), content)

    vault.write(NAME, database, describe)
    assert listed == [[]]
    assert vault.identifiers() == [NAME]


def die_while_storing(vault: FolderVault, database: Path) -> None:
    """Store a backup in another process that is killed before it has described it."""

    def die(_: Content) -> Manifest:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    pid = os.fork()
    if pid == 0:
        try:
            vault.write(NAME, database, die)
        finally:
            os._exit(1)  # never back into the tests
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_an_attempt_that_was_killed_is_no_backup(vault: FolderVault, database: Path) -> None:
    die_while_storing(vault, database)
    assert vault.identifiers() == []
    assert (vault.folder / ".incoming" / NAME / "database.sqlite3.zst").exists()
    with pytest.raises(OpsError, match=f"{NAME} is not in the vault"):
        vault.read(NAME)


@pytest.mark.parametrize("again", [store, lambda vault, _: vault.discard(NAME)])
def test_what_a_killed_attempt_left_is_thrown_away(
    vault: FolderVault, database: Path, again: Callable[[FolderVault, Path], object]
) -> None:
    die_while_storing(vault, database)
    again(vault, database)
    assert list((vault.folder / ".incoming").iterdir()) == []


def test_backups_are_listed_oldest_first(vault: FolderVault, database: Path) -> None:
    for run, day in ((3, 5), (1, 4), (2, 6)):
        at = TAKEN.replace(day=day)
        storing.store(vault, SqliteEngine(), database, storing.Origin("demo", "school.db", at, "manual", run=run))
    assert [name.split("T")[0] for name in vault.identifiers()] == ["20260304", "20260305", "20260306"]


def test_an_empty_vault_lists_nothing(vault: FolderVault) -> None:
    assert vault.identifiers() == []


def test_a_discarded_backup_is_gone_and_another_is_not(vault: FolderVault, database: Path) -> None:
    store(vault, database)
    other = storing.Origin("demo", "school.db", TAKEN, "manual", run=8)
    storing.store(vault, SqliteEngine(), database, other)
    vault.discard(NAME)
    vault.discard(NAME)
    assert vault.identifiers() == ["20260301T123000Z-r8"]


@pytest.mark.parametrize("bad", ["", ".", "..", "../x", "a/b", "/etc", ".incoming", "-x", "a\0b", "a b", "ä", "x\n"])
def test_what_is_no_identifier_reaches_no_file(vault: FolderVault, database: Path, bad: str) -> None:
    with pytest.raises(OpsError, match="is not the identifier of a backup"):
        vault.path(bad)
    with pytest.raises(OpsError, match="is not the identifier of a backup"):
        vault.read(bad)


def test_a_backup_is_never_written_over(vault: FolderVault, database: Path, tmp_path: Path) -> None:
    first = store(vault, database)
    with pytest.raises(OpsError, match="cannot be used"):
        store(vault, make(tmp_path / "other.db", rows=3))
    assert vault.read(NAME) == first


def test_a_backup_is_for_nobody_else_to_read(vault: FolderVault, database: Path) -> None:
    store(vault, database)
    assert vault.path(NAME).stat().st_mode & 0o777 == 0o700


def test_a_disk_that_fills_up_leaves_no_backup(disk: Path, tmp_path: Path) -> None:
    vault = FolderVault(disk, "demo")
    with contextlib.suppress(Exception):
        store(vault, make(tmp_path / "big.db", filler=4_000_000))
    assert vault.identifiers() == []


def test_a_full_disk_under_what_is_read_is_one_sentence_and_no_copy(
    vault: FolderVault, disk: Path, tmp_path: Path
) -> None:
    store(vault, make(tmp_path / "big.db", filler=4_000_000))
    with pytest.raises(OpsError) as caught:
        vault.read(NAME, disk / "back.db")
    assert str(caught.value) == f"The disk of {disk} is full. Make room, then try again."
    assert list(disk.iterdir()) == []
    assert vault.read(NAME).identifier == NAME


def test_a_vault_that_cannot_be_written_is_named(database: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OpsError, match=r"The folder .*/file/demo cannot be used: Not a directory"):
        store(FolderVault(tmp_path / "file", "demo"), database)


def test_a_damaged_database_is_stored_with_its_damage_named(vault: FolderVault, tmp_path: Path) -> None:
    live = make(tmp_path / "live.db", rows=3000, journal="delete")
    with live.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096)
    assert store(vault, live).check != "ok"
    vault.read(NAME)


def test_discarding_reaches_nothing_but_that_backup(vault: FolderVault, database: Path) -> None:
    store(vault, database)
    with contextlib.suppress(OpsError):
        vault.discard(f"../{NAME}")
    assert vault.identifiers() == [NAME]


def test_what_was_not_written_as_it_was_packed_never_becomes_a_backup(
    vault: FolderVault, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that keeps another byte than it was given: seen when the file is read back, before anything counts."""
    pack = packing.pack

    def onto_a_bad_disk(source: Path, target: Path) -> Content:
        content = pack(source, target)
        data = bytearray(target.read_bytes())
        data[len(data) // 2] ^= 1
        target.write_bytes(data)
        return content

    monkeypatch.setattr(packing, "pack", onto_a_bad_disk)
    with pytest.raises(OpsError, match=r"database\.sqlite3\.zst (is damaged|is not what was written)"):
        store(vault, database)
    assert vault.identifiers() == []
