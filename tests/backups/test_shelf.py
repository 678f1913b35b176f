"""A shelf in a folder: what is there is never written over, whoever is first."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from backups.vault.shelf import FolderShelf
from backups.vault.store import Stored, Vault
from smsops.errors import OpsError
from tests.backups.books import describer
from tests.backups.databases import make
from tests.backups.servers import parcel
from tests.backups.vaults import vault_at

NAME = "backups/b1.json"


@pytest.fixture
def shelf(tmp_path: Path) -> FolderShelf:
    return FolderShelf(tmp_path / "vault")


def test_another_content_under_a_taken_name_is_refused(shelf: FolderShelf, tmp_path: Path) -> None:
    shelf.put(NAME, parcel(tmp_path, b"first"))
    with pytest.raises(OpsError, match=rf"{NAME} is in .* already, with other content; it is never written over"):
        shelf.put(NAME, parcel(tmp_path, b"other"))
    assert (shelf.root / NAME).read_bytes() == b"first"


def test_the_same_content_twice_is_fine_and_its_source_is_gone(shelf: FolderShelf, tmp_path: Path) -> None:
    shelf.put(NAME, parcel(tmp_path, b"same"))
    again = parcel(tmp_path, b"same")
    shelf.put(NAME, again)
    assert ((shelf.root / NAME).read_bytes(), again.exists()) == (b"same", False)


def test_where_files_have_one_name_only_a_file_appears_all_the_same(
    shelf: FolderShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    shelf.put(NAME, parcel(tmp_path, b"first"))
    with pytest.raises(OpsError, match="never written over"):
        shelf.put(NAME, parcel(tmp_path, b"other"))
    assert (shelf.root / NAME).read_bytes() == b"first"


def test_of_two_writers_with_one_identifier_the_first_keeps_it(vault: Vault, tmp_path: Path) -> None:
    """The second one begins before the first has ended, so that it finds the name free."""
    first, second = make(tmp_path / "first.db", rows=3), make(tmp_path / "second.db", rows=4)
    other = vault_at(tmp_path)

    def overtake(stored: Stored) -> object:
        other.write("b1", first, 4096, describer("b1"), take=False)
        return describer("b1")(stored)

    with pytest.raises(OpsError, match="never written over"):
        vault.write("b1", second, 4096, overtake, take=False)  # type: ignore[arg-type]
    vault.read("b1", tmp_path / "back.db")
    assert (tmp_path / "back.db").read_bytes() == first.read_bytes()
    assert list(vault.shelf.incoming().iterdir()) == []
