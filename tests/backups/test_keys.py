"""The keys: none is ever lost, none is taken for another, and each has a copy elsewhere or is called at risk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups.errors import KeyUnusable
from backups.vault import keys
from backups.vault.keys import Key, Keyring, identity_of
from smsops.errors import OpsError
from tests.kills import die, killed


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A machine on which every new file is for everyone."""
    before = os.umask(0)
    yield
    os.umask(before)


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


def test_what_a_killed_writer_of_a_key_left_is_swept_up_and_nothing_else(ring: Keyring) -> None:
    key = ring.current()
    left, fresh = (ring.folder / f".{key.identity}.json.{end}" for end in ("0a1b2c3d", "4e5f6071"))
    for path in (left, fresh):
        path.write_text("half of a ke")
    os.utime(left, (0, 0))
    ring.sweep()
    assert (left.exists(), fresh.exists(), ring.current()) == (False, True, key)
