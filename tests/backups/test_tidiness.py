"""What does not belong into a vault is named and left alone; folders open to others are closed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from backups.vault import tidiness
from backups.vault.store import Vault
from tests.backups.books import Book

STRANGE = [
    "notes.txt",
    "backups/.DS_Store",
    "backups/a copy.json",
    "backups/old.json.bak",
    "packs/readme",
    "packs/ab/notes.txt",
    f"packs/ab/{'cd' * 32}.pack",
    f"packs/ab/{'ab' * 31}.pack",
]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = Book(tmp_path)
    book.add()
    return book


def lay(vault: Vault, name: str) -> Path:
    path = vault.shelf.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("somebody's")
    return path


def test_there_is_nothing_to_say_about_a_vault_of_our_own(book: Book) -> None:
    assert book.vault.complaints() == []


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_file_is_named_and_never_removed_nor_listed(book: Book, name: str) -> None:
    path = lay(book.vault, name)
    assert book.vault.collect() == 0
    assert tidiness.strangers(book.vault.shelf) == [name]
    assert (path.read_text(), book.vault.identifiers()) == ("somebody's", ["b00000"])


def test_many_strange_files_are_one_sentence(book: Book) -> None:
    for number in range(9):
        lay(book.vault, f"packs/ab/{number}.txt")
    (said,) = book.vault.complaints()
    assert said.endswith("packs/ab/2.txt, packs/ab/3.txt, packs/ab/4.txt ….")


@pytest.mark.parametrize("which", ["shelf", "keys", "images"])
def test_a_folder_that_is_open_to_others_is_closed_by_the_next_backup(book: Book, which: str) -> None:
    vault = book.vault
    folder = {"shelf": vault.shelf.root, "keys": vault.keys.folder, "images": vault.images.folder}[which]
    folder.chmod(0o755)
    book.add()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_closed_is_named(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a share without modes: chmod is refused, or does nothing."""
    book.vault.keys.folder.chmod(0o750)
    monkeypatch.setattr(Path, "chmod", lambda *_: None)
    said = f"The folder {book.vault.keys.folder} is open to others (mode 750) and cannot be closed."
    assert book.vault.complaints() == [said]
    assert book.add()
