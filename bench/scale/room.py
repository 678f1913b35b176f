"""The operations room with a thousand environments and a year behind it: pages, rings, backups (issue bars).

SMSOPS_BENCH_ENVIRONMENTS makes it smaller.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

from django.db import connections

from bench.scale import crew, databases, filling, looking, rounds, simulation
from bench.scale.looking import Looked, Person
from bench.scale.simulation import Cost, Crew
from bench.scale.world import World
from bench.table import Row
from bench.workplace import redis_in
from tests.backups.clusters import Cluster

MANY, FEW = int(os.environ.get("SMSOPS_BENCH_ENVIRONMENTS", "1000")), 10
BAR, TIMES = 300.0, 3  # ms; how often each address is asked for
PERIOD = 900.0  # seconds between two backups of an environment
TRIAL, SECONDS, WORKERS, ERROR = 67, 120.0, 2, 25.0  # as many a minute as a thousand in a quarter of an hour


def rows() -> Iterator[Row]:
    with databases.cluster() as cluster, tempfile.TemporaryDirectory(prefix="smsops-bench-") as name:
        folder = Path(name)
        with databases.rows_in(cluster, "few"):
            filling.fill(World(FEW))
            few = _questions(Person())
        with databases.rows_in(cluster, "many"):
            yield from _filled()
            yield from _pages(few)
            with redis_in(folder):
                yield from _rounds()
        yield from _backups(cluster, folder)


def _filled() -> Iterator[Row]:
    began = time.perf_counter()
    filling.fill(World(MANY))
    yield Row(f"{MANY} environments and a year: made in", time.perf_counter() - began, "s")
    found = filling.tables()
    total, size = sum(rows for _, rows, _ in found), sum(size for *_, size in found)
    yield Row("their rows, in millions (the journal of routine runs for one day only)", total / 1e6, "M")
    yield Row("their size on disk", size / 1e9, "GB")


def _questions(person: Person) -> dict[str, int]:
    """How often each list and page asks the database."""
    found = {}
    for address in looking.lists():
        found[address] = person.count(person.open(address, address))
    for name, address in looking.rows():
        found[name] = person.count(person.open(name, address))
    return found


def _pages(few: dict[str, int]) -> Iterator[Row]:
    person = Person()
    many = _questions(person)
    changed = sorted(name for name in few if few[name] != many.get(name))
    yield Row(f"pages with another number of questions at {MANY} environments than at {FEW}", len(changed), "", 0)
    for name in changed:
        yield Row(f"  {name}: {few[name]} questions, and more", many.get(name, 0) - few[name], "")
    yield from _lists(person)
    for name, address in looking.rows():
        each = person.open(name, address)
        person.again(each, 9 if each.taken[0] < 2 else 2)
        what = f"{name} ({each.size / 1000:.0f} kB, {many[name]} questions): p95"
        yield Row(what, looking.worst(each.taken[1:]) * 1000, "ms", BAR)


def _lists(person: Person) -> Iterator[Row]:
    """Each with all it offers; those addresses are named that were too slow every time."""
    found = {address: list(_looked(person, address)) for address in looking.lists()}
    worst = {
        address: looking.worst([taken for each in seen for taken in each.taken]) * 1000
        for address, seen in found.items()
    }
    for address in sorted(worst, key=worst.__getitem__, reverse=True)[:5]:
        yield Row(f"{address}, {len(found[address])} addresses: p95", worst[address], "ms", BAR)
    addresses = sum(map(len, found.values()))
    what = f"{len(worst)} lists, {addresses} filters, orders, searches, dates: p95 of the worst"
    yield Row(what, max(worst.values()), "ms", BAR)
    for each in (each for seen in found.values() for each in seen if min(each.taken) * 1000 > BAR):
        yield Row(f"  {each.address}", min(each.taken) * 1000, "ms")


def _looked(person: Person, address: str) -> Iterator[Looked]:
    for way in looking.ways_into(person, address, looking.lists()[address]):
        each = person.open(address, way)
        person.again(each, TIMES - 1)
        yield each


def _rounds() -> Iterator[Row]:
    """What beat rings for by itself."""
    found = list(rounds.every())
    for each in sorted(found, key=lambda each: -each.share)[:6]:
        yield Row(f"“{each.name}”, every {each.period:.0f} s: a round", each.longest, "s", each.period)
    for urgent, said in ((True, "urgent"), (False, "other")):
        share = sum(each.share for each in found if each.urgent is urgent)
        yield Row(f"all {said} rings: of one worker", share, "", 1.0)


def _backups(cluster: Cluster, folder: Path) -> Iterator[Row]:
    """What a backup costs, whether the simulation is right, and how many workers a thousand environments need."""
    with databases.rows_in(cluster, "trial") as address, redis_in(folder):
        os.environ["SMSOPS_DATABASE_URL"] = address
        try:
            schools = crew.schools(folder, TRIAL)
            cost = crew.measure(schools[:20])
            look, turn = crew.look_cost(schools[:20])
            connections.close_all()
            really = crew.trial(WORKERS, SECONDS, folder)
        finally:
            del os.environ["SMSOPS_DATABASE_URL"]
    yield Row("a backup of 1 MB: seconds of a worker", cost.mean, "s")
    yield from _compared(cost, really)
    yield from _crews(cost, really)
    period = crew.period_of_looks()
    both = f"{look * 1000:.1f} and {turn * 1000:.1f} ms"
    yield Row(
        f"workers for a look and a turn at the log every {period:.0f} s ({both})", MANY * (look + turn) / period, ""
    )


def _compared(cost: Cost, really: crew.Trial) -> Iterator[Row]:
    """The trial beside the simulation of it: in step with the clock, and all at once."""
    wanted = TRIAL * really.seconds / crew.PERIOD
    lacking = max(0.0, wanted - really.backups) / wanted * 100
    yield Row(f"really, {TRIAL} schools a minute, {WORKERS} workers: backups that were not taken", lacking, "%", 10.0)
    yield Row("really: a backup on the CPU, with its messages", really.each, "s")
    yield Row("measured alone: a backup on the CPU", cost.mean * cost.cpu, "s")
    yield Row("really: the workers with nothing to back up, of a core", really.idle, "")
    here = Crew(WORKERS, os.cpu_count() or 1)
    calm = simulation.simulate(simulation.spread(TRIAL, crew.PERIOD), crew.PERIOD, 3, _real(cost, really), here)
    yield Row("really: the oldest message", really.oldest, "s", simulation.PATIENCE)
    yield Row("simulated: the oldest message", calm.oldest, "s")
    crowd = simulation.simulate(simulation.crowd(TRIAL), crew.PERIOD, 1, _real(cost, really), here)
    yield Row(f"really: {TRIAL} at once, until the last is done", really.burst, "s")
    yield Row(f"simulated: {TRIAL} at once, until the last is done", crowd.ended, "s")
    yield Row("how far the simulation is off there", abs(crowd.ended / really.burst - 1) * 100, "%", ERROR)


def _real(cost: Cost, really: crew.Trial) -> Cost:
    """As the crew was seen to work in step with the clock: what a worker had each backup for, and the messages beside
    it. Its database works while it waits for it, so a busy worker takes a whole core."""
    messages = max(0.0, really.each - cost.mean * cost.cpu)
    slower = fmean(really.lasted) / fmean(cost.tick)
    return Cost([each * slower for each in cost.ring], [each + messages for each in really.lasted], 1.0)


def _crews(cost: Cost, really: crew.Trial) -> Iterator[Row]:
    """N, and what it is with larger databases; all of it slower by as much as the crowd really was than simulated."""
    seen, spread = _real(cost, really), simulation.spread(MANY, PERIOD)
    crowd = simulation.simulate(simulation.crowd(TRIAL), crew.PERIOD, 1, seen, Crew(WORKERS, os.cpu_count() or 1))
    more = max(1.0, really.burst / crowd.ended)
    real = Cost([each * more for each in seen.ring], [each * more for each in seen.tick], seen.cpu)
    workers, with_them = simulation.fewest(spread, PERIOD, real)
    yield Row(f"N: workers for {MANY} environments of 1 MB every 15 minutes, spread as beat spreads them", workers, "")
    yield Row("the queue's oldest message with them", with_them.oldest, "s", simulation.PATIENCE)
    yield Row("workers busy with them", with_them.busy * 100, "%")
    at_once, _ = simulation.fewest(simulation.crowd(MANY), PERIOD, real)
    yield Row("the same, were all of them due at once", at_once, "")
    for seconds in (1.0, 5.0, 20.0):
        larger = Cost(real.ring, [seconds], 1.0)
        yield Row(f"N, where a backup takes {seconds:.0f} s", simulation.fewest(spread, PERIOD, larger)[0], "")
        yield Row(f"N, where it takes {seconds:.0f} s and all are due at once",
                  simulation.fewest(simulation.crowd(MANY), PERIOD, larger)[0], "")  # fmt: skip
