"""Keys an installation makes for itself."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from smsops.keys import load_or_create
from tests.smsops.crowd import forked, together


def test_a_missing_key_is_made_and_then_stays(tmp_path: Path) -> None:
    key = load_or_create(tmp_path / "keys" / "secret")
    assert len(key) >= 64
    assert load_or_create(tmp_path / "keys" / "secret") == key


def test_two_installations_get_different_keys(tmp_path: Path) -> None:
    assert load_or_create(tmp_path / "one") != load_or_create(tmp_path / "two")


def test_a_key_that_is_there_is_taken_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("given by hand\n")
    assert load_or_create(tmp_path / "secret") == "given by hand"


def test_only_the_owner_may_read_the_key_and_enter_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_but_the_key_is_left_in_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    together(20, lambda: load_or_create(path))
    assert list(path.parent.iterdir()) == [path]


def test_twenty_threads_get_one_key(tmp_path: Path) -> None:
    assert len(set(together(20, lambda: load_or_create(tmp_path / "keys" / "secret")))) == 1


def test_twenty_processes_get_one_key(tmp_path: Path) -> None:
    told = tmp_path / "told"

    def tell() -> None:
        with told.open("a") as file:
            file.write(load_or_create(tmp_path / "keys" / "secret") + "\n")

    assert forked(20, tell) == [0] * 20
    assert len(told.read_text().split()) == 20
    assert len(set(told.read_text().split())) == 1


@pytest.mark.parametrize("length", [32, 64])
def test_the_length_is_in_bytes_of_randomness(tmp_path: Path, length: int) -> None:
    assert len(load_or_create(tmp_path / "secret", length)) == -(-length * 4 // 3)
