"""Real schools, backed up by real workers: whether the simulation is right about many."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import redis
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from backups import tasks
from backups.models import RetentionPolicy
from bench.scale.hand import school_goes_on
from bench.workplace import ROOT
from demo.seeding import Order, make
from smsops import queues
from smsops.models import FINAL, Environment, Run
from tests.places import wait_for

MEGABYTE, PERIOD, IDLE = 1_000_000, 60.0, 30.0
EMPTY, NOWHERE = 600, 0  # messages about an environment that is not there
LAST_TURN, PATIENCE = 1000, timedelta(minutes=5)


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


@dataclass(frozen=True)
class Trial:
    """What really happened: how long the ticks of so many backups waited, and the seconds on the CPU they cost the
    workers in `seconds`, beyond the `idle` share of a second that they need with nothing to back up."""

    waits: list[float]
    seconds: float
    cpu: float
    idle: float
    others: float  # how many cores more than without them were busy then, whoever it was that worked
    message: float  # seconds that a message kept a worker in which there was nothing to do, all of them busy
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
    worker = _program(folder, quiet, "worker", f"--concurrency={workers}")
    environments = list(Environment.objects.order_by("pk"))
    _switch(False)
    alone = _share()
    with worker as crew, _program(folder, quiet, "beat"):
        time.sleep(IDLE / 3)  # they start
        idle, lasted = _spent(crew.pid, IDLE)
        others = max(0.0, _share() - alone)
        message = _empty(workers)
        _switch(True)
        with _work(environments):
            time.sleep(PERIOD)
            began = timezone.now()
            cpu, took = _spent(crew.pid, seconds)
        _switch(False)
        waits = _waits(began, began + timedelta(seconds=took))
        burst = _at_once(environments)
    return Trial(waits, took, cpu, idle / lasted, others, message, burst)


def _empty(workers: int) -> float:
    """Seconds that one message keeps a worker whose work is a look at the database: all of them taken together."""
    with redis.Redis.from_url(os.environ["SMSOPS_BROKER_URL"]) as broker:
        began = time.monotonic()
        for _ in range(EMPTY):
            tasks.scheduled.delay(NOWHERE)
        wait_for(lambda: not broker.llen(queues.WORK) and not broker.hlen("unacked"), "the empty messages", 120)
        return (time.monotonic() - began) * workers / EMPTY


def _waits(began: datetime, ended: datetime) -> list[float]:
    """How long each backup of that time waited for its worker, in seconds."""
    runs = Run.objects.filter(kind="backup", state__in=FINAL, created_at__gte=began, created_at__lt=ended)
    return [(run.started_at - run.created_at).total_seconds() for run in runs if run.started_at is not None]


def _at_once(environments: list[Environment]) -> float:
    """Ring for all of them together, and wait for the last; each has as much to back up as when that was measured.
    Whoever waits looks seldom: when the last was done is in its row."""
    backups = Run.objects.filter(kind="backup")
    wait_for(lambda: not backups.exclude(state__in=FINAL).exists(), "the last backups", 60)
    backups.update(created_at=timezone.now() - timedelta(hours=1))
    for environment in environments:
        school_goes_on(environment, LAST_TURN)
    began = timezone.now()
    for environment in environments:
        tasks.scheduled.delay(environment.pk)
    done = backups.filter(created_at__gte=began, state__in=FINAL)
    while done.count() < len(environments):
        if timezone.now() - began > PATIENCE:
            raise RuntimeError("The backups rung for at once were not done in time.")
        time.sleep(1)
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
                school_goes_on(environment, turn)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        close_old_connections()


def _share() -> float:
    """How many cores everything on this machine kept busy for a while."""
    before, began = _busy(), time.monotonic()
    time.sleep(IDLE / 3)
    return (_busy() - before) / (time.monotonic() - began)


def _busy() -> float:
    """Seconds on the CPU of everything on this machine."""
    user, nice, system, _, _, *interrupts = Path("/proc/stat").read_text().splitlines()[0].split()[1:8]
    return sum(map(int, (user, nice, system, *interrupts))) / os.sysconf("SC_CLK_TCK")


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
