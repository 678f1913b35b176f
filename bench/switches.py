"""Switches of SMS in Docker: behind an edge and without, against the runbook's stop and start and docker-compose.

All with the same images, on the same machine, one after the other; SMS's own start is measured in the same run.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
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

RATE, EASY_RATE, SWITCHES, MIGRATIONS, ROUNDS = 100, 20, 20, 3, 3
HELD_BAR, ALONE_BAR, WARM_BAR, COLD_BAR = 1.15, 1.05, 0.10, 1.10
OLD, NEW, MIGRATING = "1.18.0", "1.18.1", "1.19.0"
BY = By(name="bench")


def rows() -> Iterator[Row]:
    with docker_workplace(lambda database: make(Order(database, admin=ADMIN))) as place:
        finished(place.plan_deploy(OLD))
        own = [_own(place, version) for version in (NEW, OLD) * 2]
        start, away = (statistics.median(each) for each in zip(*own, strict=True))
        yield Row("SMS's own start in a new container, visited (median of 4)", start, "s")
        yield Row("SMS's own stop and start, visited: nobody was answered (median of 4)", away, "s")
        migrating = statistics.median(by_hand.migrating_start(place, MIGRATING, OLD) for _ in range(ROUNDS))
        yield Row("SMS's own start with a migration (median of 3)", migrating, "s")
        stop = away - start
        yield from _alone(place, start, away)
        with _caddy() as server:
            put_before(place, server)
            finished(place.plan_deploy(NEW))  # its users wait this once: from now on it is behind the edge
            yield from _beside(place)
            yield from _back(place, start)
            yield from _held(place, migrating, stop)


def _own(place: DockerPlace, version: str) -> tuple[float, float]:
    """What nobody can save, by the engine's own commands, while people come by: seconds from `docker start` of a
    container that was created before to its first answer, and how long nobody was answered with the stop before it."""
    issued = 0.0

    def exchange() -> None:
        nonlocal issued
        issued = by_hand.exchange(place, version)

    visitors, away = _visited(place, exchange)
    return next(at for at in _answers(visitors) if at > issued) - issued, away


def _deploy(place: DockerPlace, version: str) -> None:
    finished(place.plan_deploy(version))


def _alone(place: DockerPlace, start: float, own: float) -> Iterator[Row]:
    """Without an edge: smsops, the runbook's commands, docker-compose."""
    turns = (NEW, OLD) * 2
    found = {"smsops": [_away(place, partial(_deploy, place, version)) for version in turns]}
    cold = [_answered(place, rollbacks.start(place.environment, BY)) for _ in range(ROUNDS)]
    found["stop, rm, run"] = [_away(place, partial(by_hand.stop_and_run, place, version)) for version in turns]
    by_hand.docker("rm", "-f", place.environment.instance)
    by_hand.compose(place, "up", "-d", version=OLD)
    wait_for(place.serving, "SMS")
    found["docker-compose up -d"] = [
        _away(place, partial(by_hand.compose, place, "up", "-d", version=version)) for version in turns
    ]
    by_hand.compose(place, "down", version=OLD)
    finished(place.plan_deploy(OLD))
    for name, taken in found.items():
        away, failed = (statistics.median(each) for each in zip(*taken, strict=True))
        yield Row(f"without an edge, {name}: nobody was answered (median of {len(turns)})", away, "s")
        bar = ALONE_BAR if name == "smsops" else None
        yield Row(f"without an edge, {name}: the same / SMS's own stop and start", away / own, "x", bar)
        yield Row(f"without an edge, {name}: the same / SMS's own start", away / start, "x", bar)
        yield Row(f"without an edge, {name}: requests that failed, {RATE} a second", failed, "")
    answered = statistics.median(cold)
    yield Row("cold code rollback, click to answer / SMS's own stop and start", answered / own, "x", COLD_BAR)
    yield Row("cold code rollback, click to answer / SMS's own start", answered / start, "x", COLD_BAR)


def _beside(place: DockerPlace) -> Iterator[Row]:
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


def _held(place: DockerPlace, migrating: float, stop: float) -> Iterator[Row]:
    """At a rate SMS serves with ease, and at one whose waiting requests take it seconds to serve once it is there."""
    for rate in (EASY_RATE, RATE):
        failed, waits = 0, []
        for _ in range(MIGRATIONS):
            with Visitors(place.port, rate) as visitors:
                finished(place.plan_deploy(MIGRATING))
            failed += len(visitors.failed)
            waits.append(visitors.worst)
            finished(rollbacks.start(place.environment, BY, NEW))
        worst = statistics.median(waits)
        yield Row(f"{MIGRATIONS} switches with a migration behind an edge: failed, {rate} a second", failed, "", 0)
        yield Row("the same: worst request (median)", worst, "s")
        yield Row("the same / SMS's own stop, start and migration", worst / (stop + migrating), "x", HELD_BAR)
        yield Row("the same / SMS's own start and migration", worst / migrating, "x", HELD_BAR)


def _answered(place: DockerPlace, run: Run) -> float:
    """Seconds from the click until the other release had the requests."""
    finished(run)
    kinds = {"warm.lead", "switch.gate"}
    led = max(step.finished_at for step in run.steps.filter(kind__in=kinds) if step.finished_at)
    return (led - run.created_at).total_seconds()


def _away(place: DockerPlace, change: Callable[[], object]) -> tuple[float, float]:
    """The longest time nobody was answered in, and how many requests failed."""
    visitors, away = _visited(place, change)
    return away, len(visitors.failed)


def _visited(place: DockerPlace, change: Callable[[], object]) -> tuple[Visitors, float]:
    with Visitors(place.port, RATE) as visitors:
        change()
        wait_for(place.serving, "SMS")
    good = _answers(visitors)
    return visitors, max(later - before for before, later in itertools.pairwise(good))


def _answers(visitors: Visitors) -> list[float]:
    """When answers came, on the monotonic clock."""
    return sorted(
        visitors.began + visit.at + visit.took for visit in visitors.visits if visit.code and visit.code < 500
    )


@contextmanager
def _caddy() -> Iterator[CaddyServer]:
    with tempfile.TemporaryDirectory(prefix="smsops-caddy-") as folder:
        server = CaddyServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()
