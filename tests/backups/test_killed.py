"""A worker is killed at any moment: what is listed comes back exactly, nothing else is listed, the rest is swept up."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import pytest

import backups
from backups.errors import KeyUnusable
from tests.backups.books import Book, digest_of, sweep

PRODUCT = str(Path(backups.__file__).parent)


def killed(act: Callable[[], object], at: int, *parts: str) -> bool:
    """Run `act` in another process that is killed at its `at`-th line of the product, or of these parts of it; False
    where it ended before."""
    pid = os.fork()
    if pid == 0:
        try:
            sys.settrace(dying(at, *parts))
            act()
            os._exit(0)
        finally:
            os._exit(1)  # never back into the tests
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    return ended != 0


def dying(at: int, *parts: str) -> Callable[[FrameType, str, Any], Any]:
    """Traces the lines of the product, and kills this process at one of them."""
    wanted = tuple(f"{PRODUCT}/{part}" for part in parts) or (PRODUCT,)
    left = at

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(wanted):
            return None
        left -= event == "line"
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def length(act: Callable[[], object]) -> int:
    """How many lines of the product `act` runs."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(PRODUCT):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def life(folder: Path, seed: int) -> Book:
    """Some backups."""
    book = Book(folder, seed)
    for _ in range(10):
        book.change()
        book.add()
    return book


@pytest.mark.parametrize("seed", range(2))
def test_killed_while_writing_what_is_listed_comes_back(tmp_path: Path, seed: int) -> None:
    book = life(tmp_path, seed)
    lines = length(book.add)
    for _ in range(50):
        book.change()
        name = book.name()
        killed(book.add, book.random.randrange(1, lines * 6 // 5))
        book.states[name] = digest_of(book.content)
        assert set(book.vault.identifiers()) in ({*book.states}, {*book.states} - {name})
        if name not in book.vault.identifiers():
            del book.states[name]
            book.add()
        assert book.right(name)
        assert book.right(book.random.choice(book.vault.identifiers()))
        assert book.swept()
    assert all(book.right(name) for name in book.vault.identifiers())


def test_killed_at_any_line_of_the_first_backup_of_all_the_next_one_is_made(tmp_path: Path) -> None:
    (tmp_path / "measured").mkdir()
    random, lines = Random(4), length(Book(tmp_path / "measured").add)
    for at in random.sample(range(1, lines), 60):
        (folder := tmp_path / str(at)).mkdir()
        book = Book(folder)
        assert killed(book.add, at)
        with contextlib.suppress(KeyUnusable):
            book.vault.keys.current()
        if book.vault.keys.identities() and not (book.vault.keys.folder / "current").exists():
            book.vault.keys.rotate()  # what the error says to do
        book.states = dict.fromkeys(book.vault.identifiers(), digest_of(book.content))
        assert book.add()
        assert all(book.right(name) for name in book.states)
        assert book.swept()


@pytest.mark.parametrize("seed", range(2))
def test_killed_while_sweeping_up_every_other_backup_comes_back(tmp_path: Path, seed: int) -> None:
    book = life(tmp_path, seed)
    for _ in range(30):
        for _ in range(3):
            book.change()
            book.add()
        listed = book.vault.identifiers()
        gone = book.random.sample(listed, 3)
        killed(lambda gone=gone: sweep(book, gone), book.random.randrange(1, 400))  # type: ignore[misc]
        assert {*listed} - {*gone} <= {*book.vault.identifiers()} <= {*listed}
        assert all(book.right(name) for name in book.vault.identifiers())
    assert book.swept()


def work_until_the_alarm(book: Book, truth: Path, seconds: float) -> None:
    """Back up and sweep up for ever; what goes in is written down before. The alarm ends it wherever it is."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    book.random.seed(seconds)
    while True:
        name = book.name()
        book.change()
        (truth / name).write_bytes(book.content)
        book.add()
        if book.random.random() < 0.2:
            sweep(book, book.random.sample(book.vault.identifiers(), 2))


def test_killed_between_any_two_instructions_what_is_listed_comes_back(tmp_path: Path) -> None:
    book, random, truth = life(tmp_path, 5), Random(6), tmp_path / "truth"
    truth.mkdir()
    for _ in range(25):
        seconds = random.uniform(0.01, 0.1)
        pid = os.fork()
        if pid == 0:
            try:
                work_until_the_alarm(book, truth, seconds)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGALRM
        book.states |= {path.name: digest_of(path.read_bytes()) for path in truth.iterdir()}
        assert all(book.right(name) for name in book.vault.identifiers()[-8:])
    assert all(book.right(name) for name in book.vault.identifiers())
    assert book.swept()
