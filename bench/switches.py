"""Switches of SMS in Docker: behind an edge and without, against the runbook's stop and start and docker-compose.

All with the same images, on the same machine, one after the other; SMS's own start is measured in the same run.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import by_hand
from bench.table import Row
from bench.workplace import docker_workplace, finished
from demo.seeding import Order, make
from demo.visitors import Visitors
from deployments.services import rollbacks
from smsops.models import Run
from smsops.runs.plan import By
from tests.edge.caddies import CaddyServer, put_before
from tests.places import ADMIN, DockerPlace, wait_for

RATE, SWITCHES, MIGRATIONS, ROUNDS = 100, 20, 3, 3
HELD_BAR, ALONE_BAR, WARM_BAR, COLD_BAR = 1.15, 1.05, 0.10, 1.10
OLD, NEW, MIGRATING = "1.18.0", "1.18.1", "1.19.0"
BY = By(name="bench")


def rows() -> Iterator[Row]:
    with docker_workplace(lambda database: make(Order(database, admin=ADMIN))) as place:
        finished(place.plan_deploy(OLD))
        start = statistics.median(_start(place) for _ in range(ROUNDS))
        yield Row("SMS's own start in Docker (median of 3)", start, "s")
        migrating = statistics.median(by_hand.migrating_start(place, MIGRATING, OLD) for _ in range(ROUNDS))
        yield Row("SMS's own start with a migration (median of 3)", migrating, "s")
        yield from _alone(place, start)
        with _caddy() as server:
            put_before(place, server)
            finished(place.plan_deploy(OLD))
            yield from _beside(place)
            yield from _back(place, start)
            yield from _held(place, migrating)


def _start(place: DockerPlace) -> float:
    name = place.environment.instance
    place.runtime.stop(name, place.environment.stop_seconds)
    began = time.perf_counter()
    place.runtime.start(name)
    wait_for(place.serving, "SMS")
    return time.perf_counter() - began


def _alone(place: DockerPlace, start: float) -> Iterator[Row]:
    """Without an edge: smsops, the runbook's commands, docker-compose."""
    turns = (NEW, OLD) * 2
    found = {"smsops": [_away(place, lambda v=version: finished(place.plan_deploy(v))) for version in turns]}
    cold = [_answered(place, rollbacks.start(place.environment, BY)) for _ in range(ROUNDS)]
    found["stop, rm, run"] = [_away(place, lambda v=version: by_hand.stop_and_run(place, v)) for version in turns]
    by_hand.docker("rm", "-f", place.environment.instance)
    by_hand.compose(place, "up", "-d", version=OLD)
    wait_for(place.serving, "SMS")
    found["docker-compose up -d"] = [
        _away(place, lambda v=version: by_hand.compose(place, "up", "-d", version=v)) for version in turns
    ]
    by_hand.compose(place, "down", version=OLD)
    finished(place.plan_deploy(OLD))
    for name, taken in found.items():
        away, failed = (statistics.median(each) for each in zip(*taken, strict=True))
        yield Row(f"without an edge, {name}: nobody was answered (median of {len(turns)})", away, "s")
        bar = ALONE_BAR if name == "smsops" else None
        yield Row(f"without an edge, {name}: the same / SMS's own start", away / start, "x", bar)
        yield Row(f"without an edge, {name}: requests that failed, {RATE} a second", failed, "")
    yield Row("cold code rollback, click to answer / SMS's own start", statistics.median(cold) / start, "x", COLD_BAR)


def _beside(place: DockerPlace) -> Iterator[Row]:
    finished(place.plan_deploy(NEW))  # let wait once: it has not run here behind the edge
    failed, worst = 0, 0.0
    for number in range(SWITCHES):
        with Visitors(place.port, RATE) as visitors:
            finished(place.plan_deploy((OLD, NEW)[number % 2]))
        failed, worst = failed + len(visitors.failed), max(worst, visitors.worst)
    yield Row(f"{SWITCHES} switches without migration behind an edge: failed, {RATE} a second", failed, "", 0)
    yield Row(f"{SWITCHES} switches without migration behind an edge: worst request", worst, "s")


def _back(place: DockerPlace, start: float) -> Iterator[Row]:
    taken = []
    for _ in range(ROUNDS):
        finished(place.plan_deploy(OLD))
        taken.append(_answered(place, rollbacks.start(place.environment, BY)))
    yield Row("warm code rollback, click to answer / start", statistics.median(taken) / start, "x", WARM_BAR)


def _held(place: DockerPlace, migrating: float) -> Iterator[Row]:
    failed, waits = 0, []
    for _ in range(MIGRATIONS):
        with Visitors(place.port, RATE) as visitors:
            finished(place.plan_deploy(MIGRATING))
        failed += len(visitors.failed)
        waits.append(visitors.worst)
        finished(rollbacks.start(place.environment, BY, NEW))
    yield Row(f"{MIGRATIONS} switches with a migration behind an edge: failed, {RATE} a second", failed, "", 0)
    yield Row("the same: worst request (median)", statistics.median(waits), "s")
    ratio = statistics.median(waits) / migrating
    yield Row("the same: worst request / (SMS's start with its migration)", ratio, "x", HELD_BAR)


def _answered(place: DockerPlace, run: Run) -> float:
    """Seconds from the click until the other release had the requests."""
    finished(run)
    kinds = {"edge.point", "switch.gate"}
    led = max(step.finished_at for step in run.steps.filter(kind__in=kinds) if step.finished_at)
    return (led - run.created_at).total_seconds()


def _away(place: DockerPlace, change: object) -> tuple[float, float]:
    """The longest time nobody was answered in, and how many requests failed."""
    assert callable(change)
    with Visitors(place.port, RATE) as visitors:
        change()
        wait_for(place.serving, "SMS")
    good = sorted(visit.at + visit.took for visit in visitors.visits if visit.code and visit.code < 500)
    return max(later - before for before, later in itertools.pairwise(good)), len(visitors.failed)


@contextmanager
def _caddy() -> Iterator[CaddyServer]:
    with tempfile.TemporaryDirectory(prefix="smsops-caddy-") as folder:
        server = CaddyServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()
