"""What root's worker makes in smsops' folders belongs to whom the folder belongs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf, make_private
from incidents.models import Incident
from incidents.services import evidence
from smsops.belongings import hand_over
from smsops.models import Environment

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
SOMEBODY = 4711


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Somebody's folder."""
    found = tmp_path / "theirs"
    found.mkdir()
    os.chown(found, SOMEBODY, SOMEBODY)
    return found


def owners(folder: Path) -> set[int]:
    return {path.lstat().st_uid for path in folder.rglob("*")}


def test_a_key_and_the_folder_of_the_keys(folder: Path) -> None:
    Keyring(folder / "keys" / "vault").current()
    assert owners(folder) == {SOMEBODY}


def test_an_escrow_file_is_written_down_for_them_too(folder: Path, tmp_path: Path) -> None:
    keys = Keyring(folder / "keys")
    keys.current()
    keys.export(tmp_path / "escrow.json")
    assert owners(folder) == {SOMEBODY}


def test_what_is_put_on_a_shelf(folder: Path) -> None:
    shelf = FolderShelf(folder / "vault" / "school")
    private = shelf.incoming() / "new"
    private.write_text("{}")
    shelf.put("backups/one.json", private)
    with shelf.locked(alone=True):
        assert owners(folder) == {SOMEBODY}


@pytest.mark.django_db
def test_evidence(folder: Path, monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    monkeypatch.setattr(settings, "SMSOPS_EVIDENCE_DIR", folder / "evidence")
    environment = Environment.objects.create(name="school")
    incident = Incident.objects.create(environment=environment, title="It broke")
    evidence.keep(incident, "log", "a line")
    assert owners(folder) == {SOMEBODY}


def test_in_root_s_own_folder_nothing_is_given_away(tmp_path: Path) -> None:
    make_private(tmp_path / "own")
    assert (tmp_path / "own").stat().st_uid == 0


def test_who_is_not_root_gives_nothing_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").touch()
    monkeypatch.setattr(os, "geteuid", lambda: 10001)
    hand_over(folder / "file")
    assert owners(folder) == {0}
