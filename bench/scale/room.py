"""The operations room with a thousand environments and a year behind it: pages, rings, backups (issue bars).

SMSOPS_BENCH_ENVIRONMENTS makes it smaller.
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import connections

from bench.scale import crew, databases, filling, hand, looking, rounds, simulation
from bench.scale.looking import Looked, Person
from bench.scale.simulation import Cost, Crew, Outcome
from bench.scale.world import World
from bench.table import Row
from bench.workplace import redis_in
from smsops.runs import reaper
from tests.backups.clusters import Cluster

MANY, FEW = int(os.environ.get("SMSOPS_BENCH_ENVIRONMENTS", "1000")), 10
BAR, TIMES = 300.0, 3  # ms; how often each address of a list is asked for
OFTEN = 40  # times each other page is: one in twenty of them is not just the slowest
PERIOD = 900.0  # seconds between two backups of an environment
TRIAL, SECONDS, WORKERS, ERROR = 67, 120.0, 2, 25.0  # as many a minute as a thousand in a quarter of an hour
EACH = 15  # schools by which a backup is measured


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
    gc.collect()
    gc.freeze()  # as smsops/wsgi.py does; what filled the database is no part of a web process
    changed = sorted(name for name in few if few[name] != many.get(name))
    yield Row(f"pages with another number of questions at {MANY} environments than at {FEW}", len(changed), "", 0)
    for name in changed:
        yield Row(f"  {name}: {few[name]} questions, and more", many.get(name, 0) - few[name], "")
    yield from _lists(person)
    for name, address in looking.rows():
        each = person.open(name, address)
        person.again(each, OFTEN if each.taken[0] < 2 else 2)
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
            connections.close_all()
            alone, together = hand.measured(1, EACH), hand.measured(WORKERS, EACH)
            look, turn = crew.look_cost(schools[:20])
            connections.close_all()
            really = crew.trial(WORKERS, SECONDS, folder)
        finally:
            del os.environ["SMSOPS_DATABASE_URL"]
    slowed = max(1.0, together.mean / alone.mean)
    # A worker and the database it waits for keep one core busy between them.
    cost = Cost(alone.ring, alone.tick, 1.0, really.message / slowed)
    cores, sweep = os.cpu_count() or 1, settings.SMSOPS_SWEEP_SECONDS
    here = Crew(WORKERS, cores, slowed, really.others, sweep, reaper.MOST)
    yield from _parts(alone, cost, here, really)
    crowd = simulation.simulate(simulation.crowd(TRIAL), crew.PERIOD, 1, cost, here)
    yield from _compared(cost, here, really, crowd)
    yield from _crews(cost, here, max(1.0, really.burst / crowd.ended))
    period = crew.period_of_looks()
    both = f"{look * 1000:.1f} and {turn * 1000:.1f} ms"
    yield Row(
        f"workers for a look and a turn at the log every {period:.0f} s ({both})", MANY * (look + turn) / period, ""
    )


def _parts(alone: Cost, cost: Cost, here: Crew, really: crew.Trial) -> Iterator[Row]:
    """What the simulation knows, each measured by itself."""
    yield Row("a backup of 1 MB, alone: seconds of a worker", alone.mean, "s")
    yield Row("  of them on the CPU, the database's not counted", alone.mean * alone.cpu, "s")
    yield Row(f"how many times longer it takes with {here.workers} at once", here.slowed, "")
    yield Row("a message in which there is nothing to do: seconds of a worker", cost.message, "s")
    yield Row("workers, beat, broker and database with nothing to back up, of a core", here.idle, "")
    yield Row("  of that the workers", really.idle, "")


def _compared(cost: Cost, here: Crew, really: crew.Trial, crowd: Outcome) -> Iterator[Row]:
    """The trial beside the simulation of it: in step with the clock, and all at once."""
    wanted = TRIAL * really.seconds / crew.PERIOD
    lacking = max(0.0, wanted - really.backups) / wanted * 100
    yield Row(f"really, {TRIAL} schools a minute, {WORKERS} workers: backups that were not taken", lacking, "%", 10.0)
    yield Row("really: a backup on the CPU of the workers, with its messages", really.each, "s")
    calm = simulation.simulate(simulation.spread(TRIAL, crew.PERIOD), crew.PERIOD, 3, cost, here)
    yield Row("really: the oldest message", really.oldest, "s", simulation.PATIENCE)
    yield Row("simulated: the oldest message", calm.oldest, "s")
    yield Row(f"really: {TRIAL} at once, until the last is done", really.burst, "s")
    yield Row(f"simulated: {TRIAL} at once, until the last is done", crowd.ended, "s")
    yield Row("how far the simulation is off there", abs(crowd.ended / really.burst - 1) * 100, "%", ERROR)


def _crews(cost: Cost, here: Crew, worse: float) -> Iterator[Row]:
    """N, and what it is with larger databases; and with everything slower by as much as the trial was than simulated.
    What else the workers do is in the rows of the rings and of the looks."""
    spread, like = simulation.spread(MANY, PERIOD), replace(here, idle=0.0)
    workers, with_them = simulation.fewest(spread, PERIOD, cost, like)
    yield Row(f"N: workers for {MANY} environments of 1 MB every 15 minutes, spread as beat spreads them", workers, "")
    yield Row("the queue's oldest message with them", with_them.oldest, "s", simulation.PATIENCE)
    yield Row("workers busy with them", with_them.busy * 100, "%")
    slow = Cost([each * worse for each in cost.ring], [each * worse for each in cost.tick], 1.0, cost.message * worse)
    crowd = simulation.crowd(MANY)
    said = f"{worse:.2f} times slower, as the trial was beside its simulation"
    yield Row(f"N, were all of it {said}", simulation.fewest(spread, PERIOD, slow, like)[0], "")
    yield Row("N, were all of them due at once besides", simulation.fewest(crowd, PERIOD, slow, like)[0], "")
    for seconds in (1.0, 5.0, 20.0):
        larger = Cost(slow.ring, [seconds], 1.0, slow.message)
        yield Row(f"N, where a backup takes {seconds:.0f} s", simulation.fewest(spread, PERIOD, larger, like)[0], "")
        at_once, _ = simulation.fewest(crowd, PERIOD, larger, like)
        yield Row(f"N, where it takes {seconds:.0f} s and all are due at once", at_once, "")
