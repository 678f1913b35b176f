"""Full restores, from the click until SMS answers and was verified, against the parts nobody can do without.

Those are SMS's own start, a copy of the database with fsync, and a quick_check, all measured in the same run. The demo
SMS starts within a second; the second measurement lets it take some more, still far less than the real one (30 s).
"""

from __future__ import annotations

import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from backups import selectors
from backups.services import backups, restores
from bench.data import school
from bench.table import Row, seconds
from bench.trial import Trial
from bench.workplace import finished, workplace
from smsops.http import ask
from smsops.runs.plan import By
from tests.places import ProcessPlace, wait_for

SIZE, ROUNDS = "50 MB", 5
SLOWER = 5  # seconds more for SMS's start
WHOLE_BAR, AWAY_BAR = 1.15, 1.0
VERIFIED = "check.list"  # the last step of a restore before it only watches and tidies
PAUSE = 0.01  # seconds between two questions to SMS


def rows() -> Iterator[Row]:
    with workplace(lambda database: shutil.copyfile(school(SIZE), database)) as place, TemporaryDirectory() as folder:
        trial = Trial(Path(folder), SIZE)
        finished(place.plan_deploy("1.18.1"))
        yield from _measured(place, trial)
        place.add_env(SMS_START_SECONDS=str(SLOWER))
        finished(place.plan_deploy("1.18.0"))
        yield from _measured(place, trial)


def _measured(place: ProcessPlace, trial: Trial) -> Iterator[Row]:
    taken = [(*_start(place), seconds(trial.copy_back), *_restore(place)) for _ in range(ROUNDS)]
    stop, start, copy, whole, away = (statistics.median(each) for each in zip(*taken, strict=True))
    among = f"(median of {ROUNDS})"
    yield Row(f"SMS's own stop {among}", stop, "s")
    yield Row(f"SMS's own start {among}", start, "s")
    yield Row(f"{SIZE}: full restore, click to verified answering {among}", whole, "s")
    yield Row("the same / (SMS start + copy + fsync + quick_check)", whole / (start + copy), "x", WHOLE_BAR)
    yield Row(f"{SIZE}: nobody was answered during a restore {among}", away, "s")
    yield Row("the same / SMS's own start", away / start, "x", AWAY_BAR)
    yield Row("the same / SMS's own stop and start", away / (stop + start), "x")


def _start(place: ProcessPlace) -> tuple[float, float]:
    """Seconds SMS takes to end, and from its start until it is healthy and ready."""
    name = place.environment.instance
    stop = seconds(lambda: place.runtime.stop(name, place.environment.stop_seconds))
    began = time.perf_counter()
    place.runtime.start(name)
    wait_for(place.serving, "SMS")
    return stop, time.perf_counter() - began


def _restore(place: ProcessPlace) -> tuple[float, float]:
    """Seconds from the click until SMS was verified, and the longest time in which it did not answer."""
    finished(backups.request(place.environment, By(name="bench")))
    with Asking(place) as asking:
        run = finished(restores.start(selectors.find(place.environment, "latest"), By(name="bench")))
    verified = run.steps.get(kind=VERIFIED).finished_at
    assert verified is not None
    return (verified - run.created_at).total_seconds(), asking.longest


class Asking:
    """Asks SMS all the time whether it is there, as its users would; `longest` is the longest wait for an answer."""

    def __init__(self, place: ProcessPlace) -> None:
        self.url, self.longest, self._over = place.environment.base_url, 0.0, False
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._thread.join()

    def _ask(self) -> None:
        last = time.perf_counter()
        while not self._over:
            if ask(self.url, "/health/live", timeout=0.5).ok:
                self.longest = max(self.longest, time.perf_counter() - last)
                last = time.perf_counter()
            time.sleep(PAUSE)
