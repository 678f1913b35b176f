"""Keys leave the machine in an escrow file and come back from it, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backups.errors import KeyUnusable
from backups.vault.keys import Key, Keyring, identity_of
from smsops.errors import OpsError
from tests.backups.test_keys import key_file


def test_keys_count_as_exported_only_when_their_copy_is_on_the_disk(
    ring: Keyring, tmp_path: Path, synced: list[Path]
) -> None:
    ring.export(tmp_path / "escrow")
    assert tmp_path / "escrow" in synced


def test_an_exported_key_is_at_risk_no_more_and_a_later_one_is(ring: Keyring, tmp_path: Path) -> None:
    first = ring.current()
    assert ring.at_risk() == [first.identity]
    assert ring.export(tmp_path / "escrow") == 1
    assert ring.at_risk() == []
    later = ring.rotate()
    assert ring.at_risk() == [later.identity]


def test_an_escrow_file_brings_every_key_back(ring: Keyring, tmp_path: Path) -> None:
    made = [ring.current(), ring.rotate(), ring.rotate()]
    assert ring.export(tmp_path / "escrow") == 3
    elsewhere = Keyring(tmp_path / "elsewhere")
    assert elsewhere.load(tmp_path / "escrow") == 3
    assert [elsewhere.get(key.identity) for key in made] == made
    assert elsewhere.at_risk() == []


def test_an_escrow_file_mends_a_damaged_key(ring: Keyring, tmp_path: Path) -> None:
    key = ring.current()
    ring.export(tmp_path / "escrow")
    key_file(ring, key).write_bytes(b"")
    ring.load(tmp_path / "escrow")
    assert ring.current() == key


def test_keys_that_are_loaded_do_not_take_the_place_of_the_current_one(ring: Keyring, tmp_path: Path) -> None:
    ring.export(tmp_path / "escrow")
    elsewhere = Keyring(tmp_path / "elsewhere")
    key = elsewhere.current()
    elsewhere.load(tmp_path / "escrow")
    assert elsewhere.current() == key
    assert elsewhere.at_risk() == [key.identity]


def test_where_there_was_no_key_the_newest_that_is_loaded_is_the_current_one(ring: Keyring, tmp_path: Path) -> None:
    for year in (2024, 2026, 2025):
        secret = bytes([year % 100]) * 32
        ring.add(Key(identity_of(secret), secret, f"{year}-01-01T00:00:00+00:00"))
    data = [ring.get(identity).as_data() for identity in ring.identities()]
    (tmp_path / "escrow").write_text(json.dumps({"keys": data}))
    elsewhere = Keyring(tmp_path / "elsewhere")
    elsewhere.load(tmp_path / "escrow")
    assert elsewhere.current().secret == bytes([26]) * 32


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "folder"])
def test_an_export_never_writes_over_what_is_there(ring: Keyring, tmp_path: Path, kind: str) -> None:
    (tmp_path / "kept").write_text("kept")
    target = tmp_path / "escrow"
    if kind == "file":
        target.write_text("kept")
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to(tmp_path / ("kept" if kind == "link" else "nothing"))
    with pytest.raises(OpsError, match=r"The escrow file .*escrow cannot be written: File exists"):
        ring.export(target)
    assert len(ring.at_risk()) == 1
    assert (tmp_path / "kept").read_text() == "kept"
    assert not (tmp_path / "nothing").exists()


def test_an_export_of_a_damaged_key_is_refused_and_leaves_nothing(ring: Keyring, tmp_path: Path) -> None:
    damaged = ring.current()
    ring.rotate()
    key_file(ring, damaged).write_text("{}")
    with pytest.raises(KeyUnusable):
        ring.export(tmp_path / "escrow")
    assert not (tmp_path / "escrow").exists()
    assert len(ring.at_risk()) == 2


GARBAGE = [b"", b"\0", b"\xff\xfe", b"{", b"[]", b"null", b'"keys"', b"{}", b'{"keys": 3}', b'{"keys": [3]}']


ODD = [b'{"keys": [{"id": "a", "key": "b"}]}', b'{"keys": {"id": "a"}}', b'{"keys": [null]}', b"[" * 100_000]


@pytest.mark.parametrize("content", [*GARBAGE, *ODD], ids=[str(each[:20]) for each in [*GARBAGE, *ODD]])
def test_what_is_no_escrow_file_is_refused_and_changes_nothing(ring: Keyring, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "escrow").write_bytes(content)
    with pytest.raises(OpsError):
        ring.load(tmp_path / "escrow")
    assert not ring.folder.exists()


def test_an_escrow_file_with_one_damaged_key_brings_none(ring: Keyring, tmp_path: Path) -> None:
    good, bad = ring.current().as_data(), ring.rotate().as_data()
    (tmp_path / "escrow").write_text(json.dumps({"keys": [good, bad | {"key": good["key"]}]}))
    elsewhere = Keyring(tmp_path / "elsewhere")
    with pytest.raises(KeyUnusable):
        elsewhere.load(tmp_path / "escrow")
    assert elsewhere.identities() == []


@pytest.mark.parametrize("content", ["", "{", "3", "null", '"text"', "[1]", "[[]]", "{}", "\x00", "[" * 100_000])
def test_a_damaged_note_of_what_was_exported_is_as_if_nothing_was(ring: Keyring, tmp_path: Path, content: str) -> None:
    key = ring.current()
    ring.export(tmp_path / "escrow")
    (ring.folder / "escrowed.json").write_text(content)
    assert ring.at_risk() == [key.identity]
    ring.load(tmp_path / "escrow")
    assert ring.at_risk() == []
