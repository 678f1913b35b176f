"""Scheduled backups of many environments on a crew of workers, as a discrete-event simulation.

Each environment's backup is due once per period. Beat's ring is one message, which writes the run down; the run's tick
is another; both wait in one queue, first come, first served, for one of N workers on a machine with so many cores.
Every few seconds the sweep rings once more for each run that still waits; whoever takes such a message finds nothing to
do. Where more workers are busy than there are cores, all of them go on that much slower. What a message costs, what it
costs to hand one over, and how far cores slow each other down is measured, each by itself (bench/scale/crew.py).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count

PATIENCE = 60.0  # seconds a message may wait
LASTS = 30.0  # seconds after which a message of the sweep is worth nothing (smsops.runs.reaper.RING_LASTS)
INFINITE = float("inf")


@dataclass(frozen=True)
class Cost:
    """Seconds a worker is busy with one message, as they were measured one at a time; `cpu` is the share of them that
    needs a core of its own. `message`: seconds for taking any message from the broker and telling it that it is done,
    which is all that one costs whose run is over."""

    ring: Sequence[float]
    tick: Sequence[float]
    cpu: float = 1.0
    message: float = 0.0

    @property
    def mean(self) -> float:
        """Of one backup, all its messages together."""
        return sum(self.ring) / len(self.ring) + sum(self.tick) / len(self.tick)


@dataclass(frozen=True)
class Crew:
    """Who works, and where. `slowed`: how many times longer the same work takes where every core is busy: they share
    memory, caches, a disk and one database. `idle`: of all cores, what the rest of the installation takes anyhow.
    `sweep`: the seconds between two sweeps; 0 for none. `most`: for how many runs
    one rings."""

    workers: int
    cores: float
    slowed: float = 1.0
    idle: float = 0.0
    sweep: float = 0.0
    most: int = 100


@dataclass
class Outcome:
    """How long messages waited, in seconds; for which share of the time the workers were busy."""

    waits: list[float] = field(default_factory=list)
    busy: float = 0.0
    ended: float = 0.0  # when the last was done

    @property
    def oldest(self) -> float:
        return max(self.waits, default=0.0)

    def at(self, share: float) -> float:
        """The wait that so large a share of the messages did not exceed."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


@dataclass
class _Message:
    since: float
    left: float
    kind: str


RING, TICK, AGAIN = "ring", "tick", "again"


def simulate(
    dues: Sequence[float], period: float, rounds: int, cost: Cost, crew: Crew, patience: float = INFINITE
) -> Outcome:
    """So many rounds of backups that are due at these seconds of each period. What is not done at the end counts with
    the wait it has had; the end comes early once a message has waited for longer than `patience`."""
    return _Machine(sorted(due + period * turn for turn in range(rounds) for due in dues), cost, crew, patience).run()


class _Machine:
    def __init__(self, arrivals: Sequence[float], cost: Cost, crew: Crew, patience: float) -> None:
        self.arrivals, self.cost, self.crew = deque(arrivals), cost, crew
        self.chance, self.now, self.done, self.patience = random.Random(1), 0.0, Outcome(), patience
        self.queue: deque[_Message] = deque()
        self.active: list[_Message] = []
        self.left = 2 * len(arrivals)  # rings and ticks that are not done yet
        self.ticks = 0  # of them, ticks that wait
        self.limit = (arrivals[-1] if arrivals else 0.0) + 3600.0
        self.sweep = crew.sweep or INFINITE

    def run(self) -> Outcome:
        worked = 0.0
        while self.left and self.now < self.limit and not self._tired():
            step = self._until_next()
            worked += step * len(self.active)
            self._pass(step)
        self.done.waits += [self.now - each.since for each in self.queue if each.kind != AGAIN]
        self.done.ended = self.now
        self.done.busy = worked / (self.now * self.crew.workers) if self.now else 0.0
        return self.done

    def _tired(self) -> bool:
        first = self.queue[0] if self.queue else None
        return first is not None and first.kind != AGAIN and self.now - first.since > self.patience

    @property
    def pace(self) -> float:
        """How fast each worker goes: the part that needs a core is shared out, and busy cores slow each other down."""
        cores, wanted = self.crew.cores, len(self.active) * self.cost.cpu
        beside = max(0.0, min(wanted, cores) - 1) / (cores - 1) if cores > 1 else 0.0  # 1 where every core is busy
        slower = 1 + (self.crew.slowed - 1) * beside
        return 1.0 / (slower * max(1.0, wanted / (cores - self.crew.idle)))

    def _until_next(self) -> float:
        ends = min((each.left for each in self.active), default=INFINITE) / self.pace
        comes = self.arrivals[0] if self.arrivals else INFINITE
        return max(0.0, min(ends, min(comes, self.sweep) - self.now))

    def _pass(self, step: float) -> None:
        pace = self.pace
        self.now += step
        for each in self.active:
            each.left -= step * pace
        ended = [each for each in self.active if each.left <= 1e-9]
        self.active = [each for each in self.active if each.left > 1e-9]
        self.left -= sum(each.kind != AGAIN for each in ended)
        for each in ended:
            if each.kind == RING:
                self._put(TICK, self.chance.choice(self.cost.tick))
        while self.arrivals and self.arrivals[0] <= self.now + 1e-9:
            self.arrivals.popleft()
            self._put(RING, self.chance.choice(self.cost.ring))
        if self.now >= self.sweep - 1e-9:
            self._ring_again()
        while self.queue and len(self.active) < self.crew.workers:
            self._take(self.queue.popleft())

    def _put(self, kind: str, seconds: float) -> None:
        self.queue.append(_Message(self.now, seconds + self.cost.message, kind))
        self.ticks += kind == TICK

    def _ring_again(self) -> None:
        """The sweep: one more message for each run that waits. Whoever takes it comes after the first, and finds the
        run taken."""
        self.sweep += self.crew.sweep
        for _ in range(min(self.crew.most, self.ticks)):
            self._put(AGAIN, 0.0)

    def _take(self, message: _Message) -> None:
        waited = self.now - message.since
        if message.kind == AGAIN and waited > LASTS:
            return
        self.ticks -= message.kind == TICK
        if message.kind != AGAIN:
            self.done.waits.append(waited)
        self.active.append(message)


def fewest(dues: Sequence[float], period: float, cost: Cost, like: Crew = Crew(1, 1)) -> tuple[int, Outcome]:
    """The fewest workers with which no message ever waits longer than a minute; what it is like with them. Each has a
    core of its own; the rest is as in the crew given."""
    for workers in count(1):
        found = simulate(dues, period, 4, cost, replace(like, workers=workers, cores=workers), PATIENCE)
        if found.oldest <= PATIENCE or workers >= len(dues):
            return workers, found
    raise AssertionError("unreachable")


def spread(environments: int, period: float) -> list[float]:
    """When beat rings for them within a period: evenly, as smsops' scheduler keeps them apart."""
    return [number * period / environments for number in range(environments)]


def crowd(environments: int) -> list[float]:
    """All in the same moment, as they would come without that."""
    return [0.0] * environments
