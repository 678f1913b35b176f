"""The fence in the data folder refuses workers that were overtaken, and only those."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.conf import settings

from backups.services import fence
from smsops.errors import LeaseLost


def raised(data: Path, token: int) -> bool:
    """Whether a worker with this token may change something."""
    try:
        with fence.held(data, token):
            return True
    except LeaseLost:
        return False


def test_a_lower_token_is_refused_and_nothing_is_done(tmp_path: Path) -> None:
    assert raised(tmp_path, 5)
    with pytest.raises(LeaseLost, match="fenced at 5, this worker has 4"), fence.held(tmp_path, 4):
        raise AssertionError
    assert raised(tmp_path, 5)


def test_equal_and_higher_tokens_pass(tmp_path: Path) -> None:
    assert [raised(tmp_path, token) for token in (5, 5, 6, 900, 6)] == [True, True, True, True, False]


def test_the_mark_of_another_installation_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert raised(tmp_path, 900)
    monkeypatch.setattr(settings, "FIELD_KEY", "the key of another smsops")
    assert [raised(tmp_path, token) for token in (3, 2)] == [True, False]


@pytest.mark.parametrize("mark", ["", "{", "[]", "7", '{"token": 9}', '{"token": "x", "installation": "y"}'])
def test_a_damaged_mark_does_not_lock_everybody_out(tmp_path: Path, mark: str) -> None:
    (fence.private_folder(tmp_path) / "fence.json").write_text(mark)
    assert [raised(tmp_path, token) for token in (3, 2)] == [True, False]


def test_one_worker_at_a_time_is_inside(tmp_path: Path) -> None:
    entered, order = threading.Event(), list[str]()

    def second() -> None:
        entered.set()
        with fence.held(tmp_path, 2):
            order.append("second")

    thread = threading.Thread(target=second)
    with fence.held(tmp_path, 1):
        thread.start()
        entered.wait()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_an_error_inside_opens_the_fence_again(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), fence.held(tmp_path, 1):
        raise ValueError("inside")
    assert raised(tmp_path, 1)


def test_its_folder_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    folder = fence.private_folder(tmp_path)
    assert (folder.name, folder.stat().st_mode & 0o777) == (".smsops", 0o700)
    assert fence.private_folder(tmp_path) == folder
