"""Kills at random moments of a run that a real crew works on: its workers, and every server they depend on."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from subprocess import Popen
from typing import Any, TypeVar

from django.db.models.functions import Now
from django.utils import timezone

from smsops.errors import DatabaseAway
from smsops.models import FINAL, Lease, Run
from smsops.runs import absence
from tests.backups.clusters import children_of
from tests.deaths.victims import Victim
from tests.places import wait_for
from tests.workers.conftest import Crew

T = TypeVar("T")
PRODUCT = {  # a crew as it is in an installation, not with the short times of the tests
    "DJANGO_SETTINGS_MODULE": "smsops.settings",
    "SMSOPS_LEASE_SECONDS": "10",
    "SMSOPS_SWEEP_SECONDS": "3",
    "SMSOPS_WATCH_SECONDS": "15",  # not what is tried here, and a machine's work every two seconds
}
BAR = 15.0  # seconds after the death of a worker until another one has its work


@dataclass
class Hunt:
    """Two workers and beat, each started again when it dies, and servers that are killed like them."""

    crew: Crew
    servers: dict[str, Victim]
    random: Random
    weights: dict[str, int]
    kills: Counter[str] = field(default_factory=Counter)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workers = [self._worker(), self._worker()]
        self.beat = self.crew.beat()

    def _worker(self) -> Popen[bytes]:
        words = ("--concurrency=2", "--without-gossip", "--without-mingle", "--loglevel=INFO")
        return self.crew.start("worker", *words)

    def _ready(self, worker: Popen[bytes]) -> bool:
        log = self.crew.folder / f"worker-{self.crew.processes.index(worker)}.log"
        return " ready." in log.read_text(errors="replace")

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    def follow(self, run: Run, most: int, patience: float = 240.0) -> Run:
        """Kill up to `most` times until the run has its verdict."""
        last = self.total + most
        deadline = time.monotonic() + patience
        while not self._ended(run):
            assert time.monotonic() < deadline, f"run {run.pk} is still {run.state}"
            if self.total < last:
                self._let_pass(run, self.random.uniform(0, 1.5))
                self._kill(run)
            self._stand_up()
        return run

    def _let_pass(self, run: Run, seconds: float) -> None:
        moment = time.monotonic() + seconds  # the moment itself is the point
        wait_for(lambda: time.monotonic() >= moment or self._ended(run), "the moment")

    def _kill(self, run: Run) -> None:
        if self._ended(run):
            return
        (name,) = self.random.choices([*self.weights], [*self.weights.values()])
        if name in self.servers:
            self.servers[name].kill()
            self.servers[name].launch()
        elif not self._kill_worker(run, whole=name == "worker"):
            return
        self.kills[name] += 1

    def _kill_worker(self, run: Run, whole: bool) -> bool:
        """Kill the process that works on the run, alone or with the whole worker, and see how long it lies about."""
        if whole:  # there is another one
            self._wait(run, lambda: all(map(self._ready, self.workers)), "both workers", 120)
        held = self._wait(run, lambda: self._ended(run) or self._holder(run), "somebody to work on it", 30)
        if held is True:
            return False
        token, pid = held
        worker = next((each for each in self.workers if pid in children_of(each.pid)), None)
        if worker is None:
            return False
        began = time.monotonic()
        if whole:
            self.crew.kill(worker)
            self._stand_up()
        else:
            os.kill(pid, signal.SIGKILL)
        self._wait(run, lambda: self._ended(run) or self._token(run) != token, "another worker", BAR)
        self.pauses.append(time.monotonic() - began)
        return True

    def _wait(self, run: Run, condition: Callable[[], Any], what: str, patience: float) -> Any:
        """As `wait_for`; what dies meanwhile is started again, and a failure says who was there."""
        try:
            return wait_for(lambda: self._beside(condition), what, patience)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self._scene(run)}") from None

    def _beside(self, condition: Callable[[], Any]) -> Any:
        self._stand_up()
        return condition()

    def _scene(self, run: Run) -> str:
        """The run, and the last lines of whoever should work on it."""
        due = (run.next_tick_at - timezone.now()).total_seconds()
        logs = sorted(self.crew.folder.glob("*-*.log"), key=lambda log: log.stat().st_mtime)[-4:]
        told_last = [f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs]
        return "\n".join([f"the run is {run.state}, due in {due:.1f} s; {dict(self.kills)}", *told_last])

    def _stand_up(self) -> None:
        """Start again what has died, as a service manager does."""
        self.workers = [each if each.poll() is None else self._worker() for each in self.workers]
        if self.beat.poll() is not None:
            self.kills["beat, by itself"] += 0
            self.beat = self.crew.beat()

    def _holder(self, run: Run) -> tuple[int, int] | None:
        """Token and process of whoever has the run's lease now."""
        lease = told(lambda: Lease.objects.filter(scope=run.lease_scope, expires_at__gt=Now()).first())
        parts = lease.holder.split("|") if lease else []
        return (lease.token, int(parts[2])) if lease and len(parts) == 5 else None

    def _token(self, run: Run) -> int | None:
        return told(lambda: Lease.objects.get(scope=run.lease_scope).token)

    @staticmethod
    def _ended(run: Run) -> bool:
        told(run.refresh_from_db)
        return run.state in FINAL and run.end_announced


def told(ask: Callable[[], T]) -> T:
    """What the database says, as soon as it is there."""

    def answer() -> tuple[T] | None:
        try:
            with absence.noticed():
                return (ask(),)
        except DatabaseAway:
            return None

    found: tuple[T] = wait_for(answer, "the database")
    return found[0]
