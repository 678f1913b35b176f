"""From the crash of SMS to its incident with evidence: a real SMS that is killed, a real worker and beat beside it."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from bench.table import Row
from bench.workplace import ROOT, docker_workplace, finished, workplace
from demo.seeding import Order, make
from tests.places import ADMIN, Place, wait_for
from tests.runtimes.acts import kill

VERSION, CRASHES = "1.18.1", 5
NATIVE_BAR, DOCKER_BAR = 10.0, 5.0


def rows() -> Iterator[Row]:
    yield from _measured("natively", workplace(_school), NATIVE_BAR)
    yield from _measured("in Docker", docker_workplace(_school), DOCKER_BAR)


def _school(database: Path) -> object:
    return make(Order(database, admin=ADMIN))


def _measured(where: str, made: AbstractContextManager[Place], bar: float) -> Iterator[Row]:
    with made as place, _beat():
        finished(place.plan_deploy(VERSION))
        _undisturbed(place)
        taken = [_crash(place) for _ in range(CRASHES)]
        place.environment.queue = "nobody"  # what is cleared away afterwards is no news for the next
        place.environment.save()
    opened, evident = ([each[at] for each in taken] for at in (0, 1))
    yield Row(f"crash of SMS to incident, {where} (median of {CRASHES})", statistics.median(opened), "s")
    yield Row(f"crash of SMS to incident with its evidence, {where} (worst of {CRASHES})", max(evident), "s", bar)


def _undisturbed(place: Place) -> None:
    """Each crash is to be an incident of its own; no backup is taken meanwhile."""
    from incidents.models import Detection

    Detection.objects.update_or_create(environment=place.environment, defaults={"flap_minutes": 0})
    place.environment.backups_enabled = False
    place.environment.save()
    wait_for(lambda: _well(place), "the watcher to find SMS well", 60)


def _crash(place: Place) -> tuple[float, float]:
    """Seconds until there was an incident, and until its first pieces of evidence were there."""
    from incidents.models import Incident
    from incidents.services.pieces import PIECES

    here = Incident.objects.filter(environment=place.environment)
    new = here.exclude(pk__in=set(here.values_list("pk", flat=True)))
    began = time.perf_counter()
    kill(place)
    incident = wait_for(new.first, "an incident", 60)
    opened = time.perf_counter() - began
    wait_for(lambda: incident.evidence.count() >= len(PIECES), "its evidence", 60)
    evident = time.perf_counter() - began
    wait_for(lambda: _well(place) and not here.filter(state="open").exists(), "the end of it", 120)
    return opened, evident


def _well(place: Place) -> bool:
    from incidents.models import Watch

    watch = Watch.objects.filter(environment=place.environment).first()
    return watch is not None and watch.good and bool(watch.instance_id)


@contextlib.contextmanager
def _beat() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="smsops-bench-beat-") as folder, (Path(folder) / "log").open("wb") as log:
        command = [sys.executable, "-m", "celery", "-A", "smsops", "beat", "--pidfile", ""]
        beat = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=log, stderr=log)
        try:
            yield
        finally:
            beat.terminate()
            beat.wait()
