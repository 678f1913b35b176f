"""How long a writer is held up while backups are taken beside it, one after the other."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bench.table import Row
from bench.trial import Trial
from bench.writer import Writer

BAR = 1.5  # times what `.backup` does to the writer
ROUNDS, ROLLBACK_ROUNDS = 30, 10
Window = tuple[float, float]


def writer_rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
        trial = Trial(Path(folder), "50 MB")
        yield from _beside_the_log(trial)
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as folder:
        trial = Trial(Path(folder), "50 MB")
        with closing(sqlite3.connect(trial.database)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        yield from _with_a_rollback_journal(trial)


def _beside_the_log(trial: Trial) -> Iterator[Row]:
    writer = Writer(trial.database)
    windows: dict[str, list[Window]] = {"nothing": [], "sqlite3 .backup": [], "a backup": []}
    trial.back_up()  # the first one stores everything
    for _ in range(ROUNDS):
        window = _window(trial.back_up)
        windows["a backup"].append(window)
        length = window[1] - window[0]  # the same time for each, or the longest would see more bad luck
        windows["sqlite3 .backup"].append(_window(partial(_again, trial.dot_backup, length)))
        windows["nothing"].append(_window(partial(time.sleep, length)))
    delays = writer.end()
    worst = {name: [delays.worst(*each) * 1000 for each in listed] for name, listed in windows.items()}
    what = f"50 MB, WAL, 50 commits/s, {ROUNDS} times the same time"
    for name, listed in worst.items():
        yield Row(f"{what}: worst commit beside {name}, median", statistics.median(listed), "ms")
        yield Row(f"{what}: worst commit beside {name}, 90 % of them", _most(listed), "ms")
        yield Row(f"{what}: worst commit beside {name}, of all", max(listed), "ms")
    ours, theirs = worst["a backup"], worst["sqlite3 .backup"]
    for how, most in (("median", statistics.median), ("90 % of them", _most)):
        yield Row(f"50 MB, WAL: worst commit, backup / .backup, {how}", most(ours) / most(theirs), "x", BAR)
    # The very worst is the machine's own bad luck as often as not: see the row beside nothing.
    yield Row("50 MB, WAL: worst commit, backup / .backup, of all", max(ours) / max(theirs), "x")


def _with_a_rollback_journal(trial: Trial) -> Iterator[Row]:
    writer = Writer(trial.database)
    trial.back_up()
    quiet = _window(lambda: time.sleep(2))
    windows = [_window(trial.back_up) for _ in range(ROLLBACK_ROUNDS)]
    delays = writer.end()
    what = "50 MB, rollback journal: worst commit"
    yield Row(f"{what} beside nothing", delays.worst(*quiet) * 1000, "ms")
    yield Row(f"{what} beside {ROLLBACK_ROUNDS} backups", max(delays.worst(*each) for each in windows) * 1000, "ms")


def _most(values: list[float]) -> float:
    """Nine of ten are not above it."""
    return statistics.quantiles(values, n=10)[-1]


def _window(act: Callable[[], object]) -> Window:
    began = time.monotonic()
    act()
    return began, time.monotonic()


def _again(act: Callable[[], object], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        act()
