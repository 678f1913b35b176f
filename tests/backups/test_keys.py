"""The keys: none is ever lost, none is taken for another, and each has a copy elsewhere or is called at risk."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backups.errors import KeyUnusable
from backups.vault import keys
from backups.vault.keys import Key, Keyring, identity_of
from smsops.errors import OpsError
from tests.kills import die, killed


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A machine on which every new file is for everyone."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file and folder that is synced, in order."""
    found: list[Path] = []
    fsync: Callable[[int], None] = os.fsync

    def noted(handle: int) -> None:
        found.append(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    return found


def key_file(ring: Keyring, key: Key) -> Path:
    return ring.folder / f"{key.identity}.json"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def changes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every way in which one byte can be another one, with its position."""
    for at, byte in enumerate(data):
        yield from ((at, data[:at] + bytes([other]) + data[at + 1 :]) for other in range(256) if other != byte)


def test_the_first_use_makes_a_key_and_later_ones_find_it(ring: Keyring) -> None:
    assert ring.identities() == []
    key = ring.current()
    assert len(key.secret) == 32
    assert ring.identities() == [key.identity]
    assert ring.current() == Keyring(ring.folder).get(key.identity) == key


def test_the_id_of_a_key_is_taken_from_the_key(ring: Keyring) -> None:
    first, second = ring.current(), ring.rotate()
    assert first.identity == identity_of(first.secret)
    assert second.identity == identity_of(second.secret) != first.identity


def test_a_key_does_not_show_its_secret(ring: Keyring) -> None:
    key = ring.current()
    assert key.as_data()["key"] not in repr(key)
    assert repr(key.secret)[2:10] not in repr(key)


def test_whatever_byte_of_a_key_file_changes_it_never_passes_for_another_key(ring: Keyring) -> None:
    key = ring.current()
    for _, changed in changes(key_file(ring, key).read_bytes()):
        try:
            found = keys.parse(changed)
        except KeyUnusable:
            continue
        assert (found.identity, found.secret) == (key.identity, key.secret)


def test_a_flipped_bit_in_a_key_file_is_noticed_wherever_it_is(ring: Keyring) -> None:
    key, unnoticed = ring.current(), []
    good = key_file(ring, key).read_bytes().rstrip()
    for at, byte in enumerate(good):
        key_file(ring, key).write_bytes(good[:at] + bytes([byte ^ 1]) + good[at + 1 :])
        try:
            ring.get(key.identity)
        except KeyUnusable:
            continue
        unnoticed.append(good[max(0, at - 12) : at + 1])
    assert unnoticed == []


def test_a_key_file_that_was_cut_off_is_noticed_wherever_it_was(ring: Keyring) -> None:
    key = ring.current()
    good = key_file(ring, key).read_bytes().rstrip()
    for length in range(len(good)):
        key_file(ring, key).write_bytes(good[:length])
        with pytest.raises(KeyUnusable):
            ring.get(key.identity)


def test_the_file_of_another_key_is_noticed(ring: Keyring) -> None:
    first, second = ring.current(), ring.rotate()
    key_file(ring, first).write_bytes(key_file(ring, second).read_bytes())
    with pytest.raises(KeyUnusable, match=f"The file of the key {first.identity} holds another one"):
        ring.get(first.identity)


def test_a_missing_key_is_named(ring: Keyring) -> None:
    key = ring.current()
    key_file(ring, key).unlink()
    with pytest.raises(KeyUnusable, match=rf"The key {key.identity} is not in .*import-keys FILE"):
        ring.get(key.identity)


@pytest.mark.parametrize("identity", ["", ".", "..", "../keys", "/etc/passwd", "escrowed", "a\0b", "x" * 300])
def test_what_is_no_id_of_a_key_is_refused_in_a_sentence(ring: Keyring, identity: str) -> None:
    ring.current()
    with pytest.raises(KeyUnusable):
        ring.get(identity)


def test_a_new_key_leaves_the_earlier_ones_readable(ring: Keyring) -> None:
    made = [ring.current(), *(ring.rotate() for _ in range(5))]
    assert [ring.get(key.identity) for key in made] == made
    assert ring.current() == made[-1]
    assert ring.identities() == sorted(key.identity for key in made)


def test_a_missing_name_of_the_current_key_is_no_reason_to_make_another(ring: Keyring) -> None:
    key = ring.current()
    (ring.folder / "current").unlink()
    with pytest.raises(KeyUnusable, match=r"current is missing.*ops vault rotate-key"):
        ring.current()
    assert ring.identities() == [key.identity]


def test_whatever_byte_of_the_name_of_the_current_key_changes_is_said_in_a_sentence(ring: Keyring) -> None:
    key, current = ring.current(), ring.folder / "current"
    for _, changed in changes(current.read_bytes()):
        current.write_bytes(changed)
        try:
            assert ring.current() == key  # another blank behind it
        except OpsError:
            continue
    assert ring.identities() == [key.identity]


def test_a_first_use_that_was_killed_halfway_is_put_right_by_a_new_key(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = keys._write
    with monkeypatch.context() as patch:
        patch.setattr(keys, "_write", lambda path, text: die() if path.name == "current" else write(path, text))
        killed(ring.current)
    assert len(ring.identities()) == 1
    assert ring.rotate() == ring.current()


def test_keys_are_for_nobody_else_to_read(ring: Keyring, open_umask: None) -> None:
    ring.rotate()
    ring.export(ring.folder.parent / "escrow")
    assert mode(ring.folder) == 0o700
    assert {mode(path) for path in [*ring.folder.iterdir(), ring.folder.parent / "escrow"]} == {0o600}


def test_a_power_cut_does_not_take_a_key_that_is_in_use(ring: Keyring, synced: list[Path]) -> None:
    """A file's name is safe only when its folder is synced after it: the vault may be on another disk."""
    ring.current()
    assert synced[-1] == ring.folder


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


def test_what_a_killed_writer_of_a_key_left_is_swept_up_and_nothing_else(ring: Keyring) -> None:
    key = ring.current()
    left, fresh = (ring.folder / f".{key.identity}.json.{end}" for end in ("0a1b2c3d", "4e5f6071"))
    for path in (left, fresh):
        path.write_text("half of a ke")
    os.utime(left, (0, 0))
    ring.sweep()
    assert (left.exists(), fresh.exists(), ring.current()) == (False, True, key)
