"""What docs/ promises: a backup is restored with Python, the vault and the keys, and nothing of smsops."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backups.vault.store import Vault
from tests.backups.databases import change, make, spoil
from tests.backups.vaults import pack_file, store

READER = Path(__file__).resolve().parents[2] / "docs" / "restore_without_smsops.py"


def read(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a copy of the reader in an empty folder, where there is nothing of smsops to import."""
    place = folder / "rescue"
    place.mkdir(exist_ok=True)
    program = shutil.copy(READER, place)
    argv = [sys.executable, "-I", str(program), *map(str, words)]
    return subprocess.run(argv, cwd=place, capture_output=True, text=True, check=False)


@pytest.fixture
def line(vault: Vault, tmp_path: Path) -> list[bytes]:
    """Ten backups of a database that goes on changing, one of them under another key; what each of them held."""
    live, held = make(tmp_path / "live.db", filler=200_000), []
    for run in range(10):
        change(live, f"UPDATE students SET name = 'number {run}' WHERE id = {run + 1}")
        snapshot = Path(shutil.copy(live, tmp_path / "snapshot.db"))
        held.append(snapshot.read_bytes())
        store(vault, snapshot, run, take=True)
        if run == 4:
            vault.keys.rotate()
    return held


def test_every_backup_comes_back_exactly(vault: Vault, line: list[bytes], tmp_path: Path) -> None:
    listed = read(tmp_path, "list", vault.shelf.root).stdout.split()
    assert listed == vault.identifiers()
    for number, name in enumerate(listed):
        done = read(tmp_path, "restore", vault.shelf.root, vault.keys.folder, name, tmp_path / name)
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / name).read_bytes() == line[number]


def test_the_escrow_file_is_enough(vault: Vault, line: list[bytes], tmp_path: Path) -> None:
    vault.keys.export(tmp_path / "escrow.json")
    done = read(tmp_path, "restore", vault.shelf.root, tmp_path / "escrow.json", "latest", tmp_path / "back.db")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "back.db").read_bytes() == line[-1]


def test_damage_is_one_line_and_leaves_no_file(vault: Vault, line: list[bytes], tmp_path: Path) -> None:
    pack = pack_file(vault, vault.identifiers()[-1])
    spoil(pack, 8 * (pack.stat().st_size // 2))
    done = read(tmp_path, "restore", vault.shelf.root, vault.keys.folder, "latest", tmp_path / "back.db")
    assert (done.returncode, done.stderr) == (1, f"Damaged: The pack {pack.stem} is damaged.\n")
    assert not (tmp_path / "back.db").exists()


def test_without_the_key_it_says_which_one_is_missing(vault: Vault, line: list[bytes], tmp_path: Path) -> None:
    (vault.keys.folder / f"{vault.keys.current().identity}.json").unlink()
    done = read(tmp_path, "restore", vault.shelf.root, vault.keys.folder, "latest", tmp_path / "back.db")
    assert done.returncode == 1
    assert "is not among those given" in done.stderr


def test_a_file_that_is_there_is_never_written_over(vault: Vault, line: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "mine.db").write_text("mine")
    done = read(tmp_path, "restore", vault.shelf.root, vault.keys.folder, "latest", tmp_path / "mine.db")
    assert (done.returncode, (tmp_path / "mine.db").read_text()) == (1, "mine")


def test_the_reader_imports_nothing_of_smsops_and_stays_short() -> None:
    text = READER.read_text()
    assert len(text.splitlines()) <= 200
    for room in ("smsops", "backups", "deployments", "incidents", "django"):
        assert f"import {room}" not in text
        assert f"from {room}" not in text


def test_wrong_words_get_the_help(tmp_path: Path) -> None:
    done = read(tmp_path, "restore", tmp_path)
    assert done.returncode == 2
    assert "restore VAULT KEYS BACKUP TARGET" in done.stderr
