"""Real schools, backed up by real workers: what one backup costs, and whether the simulation is right about many."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from backups import tasks
from backups.models import RetentionPolicy
from bench.scale.simulation import Cost
from bench.workplace import ROOT
from bench.writer import work_of_a_school
from demo.seeding import Order, make
from smsops.models import FINAL, Environment, Run
from smsops.runs import executor
from tests.places import wait_for

MEGABYTE, PERIOD, IDLE = 1_000_000, 60.0, 30.0


def schools(folder: Path, number: int) -> list[Environment]:
    """So many environments, each with a database of a megabyte, backed up once a minute."""
    make(Order(folder / "school.db", size=MEGABYTE))
    found = []
    for each in range(number):
        name = f"trial-{each:03}"
        (folder / name / "data").mkdir(parents=True)
        (folder / name / "releases").mkdir()
        shutil.copyfile(folder / "school.db", folder / name / "data" / "student_management.db")
        found.append(_environment(folder / name, name))
    return found


def _environment(folder: Path, name: str) -> Environment:
    environment = Environment.objects.create(
        name=name, runtime="process", volume="", instance=f"{name}-app", data_path=str(folder / "data"),
        releases_path=str(folder / "releases"), base_url="http://127.0.0.1:9", host_port=9, backup_minutes=1,
    )  # fmt: skip
    RetentionPolicy.objects.create(environment=environment, tidied_at=timezone.now())
    return environment


def measure(environments: list[Environment], each: int = 2) -> Cost:
    """What the messages of a backup cost one worker, with nobody beside it. The first backups of all are not counted:
    they find nothing to share."""
    rings, ticks, cpu = list[float](), list[float](), 0.0
    for turn in range(each + 1):
        for environment in environments:
            _school_goes_on(environment, turn)
            Run.objects.filter(environment=environment).update(created_at=timezone.now() - timedelta(hours=1))
            began, spent = time.perf_counter(), time.process_time()
            tasks.scheduled.run(environment.pk)
            rung = time.perf_counter()
            executor.drive(Run.objects.filter(environment=environment).latest("pk").pk)
            if turn:
                rings.append(rung - began)
                ticks.append(time.perf_counter() - rung)
                cpu += time.process_time() - spent
    return Cost(rings, ticks, min(1.0, cpu / (sum(rings) + sum(ticks))))


def _school_goes_on(environment: Environment, turn: int) -> None:
    path = Path(environment.data_path) / "student_management.db"
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        work_of_a_school(connection, 5, turn)


@dataclass(frozen=True)
class Trial:
    """What really happened: how long the ticks of so many backups waited, and the seconds on the CPU they cost in
    `seconds`, beyond the `idle` share of a second that the workers need with nothing to back up."""

    waits: list[float]
    lasted: list[float]  # seconds of each from its worker's beginning to its end
    seconds: float
    cpu: float
    idle: float
    burst: float  # seconds until all schools were backed up that were rung for in the same moment

    @property
    def backups(self) -> int:
        return len(self.waits)

    @property
    def oldest(self) -> float:
        return max(self.waits, default=0.0)

    @property
    def each(self) -> float:
        """Seconds on the CPU of one backup, with the messages it took."""
        return (self.cpu - self.idle * self.seconds) / max(1, self.backups)


def trial(workers: int, seconds: float, folder: Path) -> Trial:
    """Beat and so many workers for so long; before that they have nothing to back up for a while, and a period of
    backups that does not count."""
    quiet = {"SMSOPS_WATCH_SECONDS": "86400", "SMSOPS_LOGS_SECONDS": "86400"}  # looks are measured by themselves
    worker, environments = (
        _program(folder, quiet, "worker", f"--concurrency={workers}"),
        list(Environment.objects.all()),
    )
    _switch(False)
    with worker as crew, _program(folder, quiet, "beat"):
        time.sleep(IDLE / 3)  # they start
        idle, _ = _spent(crew.pid, IDLE)
        _switch(True)
        with _work(environments):
            time.sleep(PERIOD)
            began = timezone.now()
            cpu, took = _spent(crew.pid, seconds)
        _switch(False)
        waits, lasted = _times(began, began + timedelta(seconds=took))
        burst = _at_once(environments)
    return Trial(waits, lasted, took, cpu, idle / IDLE, burst)


def _times(began: datetime, ended: datetime) -> tuple[list[float], list[float]]:
    """How long each backup of that time waited for its worker, and how long that one had it, in seconds."""
    runs = Run.objects.filter(kind="backup", state__in=FINAL, created_at__gte=began, created_at__lt=ended)
    times = [(run.created_at, run.started_at, run.finished_at) for run in runs]
    whole = [(made, start, end) for made, start, end in times if start is not None and end is not None]
    waits = [(start - made).total_seconds() for made, start, _ in whole]
    return waits, [(end - start).total_seconds() for _, start, end in whole]


def _at_once(environments: list[Environment]) -> float:
    """Ring for all of them together, and wait for the last."""
    backups = Run.objects.filter(kind="backup")
    wait_for(lambda: not backups.exclude(state__in=FINAL).exists(), "the last backups", 60)
    backups.update(created_at=timezone.now() - timedelta(hours=1))
    began = timezone.now()
    for environment in environments:
        tasks.scheduled.delay(environment.pk)
    done = backups.filter(created_at__gte=began, state__in=FINAL)
    wait_for(lambda: done.count() == len(environments), "the backups rung for at once", 300)
    return (max(run.finished_at or began for run in done) - began).total_seconds()


def _switch(on: bool) -> None:
    PeriodicTask.objects.filter(task="backups.scheduled").update(enabled=on, last_run_at=timezone.now())
    PeriodicTasks.update_changed()


def _spent(pid: int, seconds: float) -> tuple[float, float]:
    """The seconds on the CPU within so many, and how many they really were."""
    before, began = _cpu(pid), time.monotonic()
    time.sleep(seconds)
    return _cpu(pid) - before, time.monotonic() - began


@contextlib.contextmanager
def _program(folder: Path, more: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "celery", "-A", "smsops", *words]
    if words[0] == "beat":
        command.append(f"--pidfile={folder / 'beat.pid'}")
    with (folder / f"{words[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | more, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


@contextlib.contextmanager
def _work(environments: list[Environment]) -> Iterator[None]:
    """The schools go on, one after the other, a few commits each."""
    ended = threading.Event()

    def go_on() -> None:
        turn = 10
        while not ended.is_set():
            turn += 1
            for environment in environments:
                if ended.wait(PERIOD / len(environments)):
                    return
                _school_goes_on(environment, turn)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        close_old_connections()


def _cpu(pid: int) -> float:
    """The seconds on the CPU of a process, its living children and those that ended."""
    found, todo = 0.0, [pid]
    while todo:
        number = todo.pop()
        with contextlib.suppress(OSError):
            parts = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            found += sum(int(part) for part in parts[11:15]) / os.sysconf("SC_CLK_TCK")
            todo += [int(each) for each in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    return found


def look_cost(environments: list[Environment], times: int = 2) -> tuple[float, float]:
    """Seconds of one look at an environment, and of one turn at its log."""
    from incidents.models import Watch
    from incidents.tasks import follow_log, look

    for environment in environments:
        Watch.objects.get_or_create(environment=environment)
    looks, turns = list[float](), list[float]()
    for _ in range(times):
        Watch.objects.all().update(next_look_at=timezone.now())
        for environment in environments:
            began = time.perf_counter()
            look.run(environment.pk)
            middle = time.perf_counter()
            follow_log.run(environment.pk)
            looks.append(middle - began)
            turns.append(time.perf_counter() - middle)
    return sum(looks) / len(looks), sum(turns) / len(turns)


def period_of_looks() -> float:
    return float(settings.SMSOPS_WATCH_SECONDS)
