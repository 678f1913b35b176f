"""Scheduled backups of many environments on a crew of workers, as a discrete-event simulation.

Each environment's backup is due once per period. Beat's ring is one message, which writes the run down; the run's tick
is another; both wait in one queue, first come, first served, for one of N workers on a machine with so many cores.
Where more workers are busy than there are cores, all of them go on that much slower. What a message costs is measured.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

PATIENCE = 60.0  # seconds a message may wait


@dataclass(frozen=True)
class Cost:
    """Seconds a worker is busy with one message, as they were measured one at a time; `cpu` is the share of them that
    needs a core of its own."""

    ring: Sequence[float]
    tick: Sequence[float]
    cpu: float = 1.0

    @property
    def mean(self) -> float:
        """Of one backup, all its messages together."""
        return sum(self.ring) / len(self.ring) + sum(self.tick) / len(self.tick)


@dataclass(frozen=True)
class Crew:
    """Who works, and where."""

    workers: int
    cores: float


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
    is_ring: bool


def simulate(dues: Sequence[float], period: float, rounds: int, cost: Cost, crew: Crew, seed: int = 1) -> Outcome:
    """So many rounds of backups that are due at these seconds of each period. What is not done at the end counts with
    the wait it has had."""
    return _Machine(sorted(due + period * turn for turn in range(rounds) for due in dues), cost, crew, seed).run()


class _Machine:
    def __init__(self, arrivals: Sequence[float], cost: Cost, crew: Crew, seed: int) -> None:
        self.arrivals, self.cost, self.crew = deque(arrivals), cost, crew
        self.chance, self.now, self.done = random.Random(seed), 0.0, Outcome()
        self.queue: deque[_Message] = deque()
        self.active: list[_Message] = []
        self.limit = (arrivals[-1] if arrivals else 0.0) + 3600.0

    def run(self) -> Outcome:
        worked = 0.0
        while (self.arrivals or self.queue or self.active) and self.now < self.limit:
            step = self._until_next()
            worked += step * len(self.active)
            self._pass(step)
        self.done.waits += [self.now - each.since for each in self.queue]
        self.done.ended = self.now
        self.done.busy = worked / (self.now * self.crew.workers) if self.now else 0.0
        return self.done

    @property
    def pace(self) -> float:
        """How fast each worker goes: the part that needs a core is shared out."""
        crowd = max(1.0, len(self.active) * self.cost.cpu / self.crew.cores)
        return 1.0 / crowd

    def _until_next(self) -> float:
        ends = min((each.left for each in self.active), default=float("inf")) / self.pace
        comes = self.arrivals[0] - self.now if self.arrivals else float("inf")
        return max(0.0, min(ends, comes))

    def _pass(self, step: float) -> None:
        pace = self.pace
        self.now += step
        for each in self.active:
            each.left -= step * pace
        ended = [each for each in self.active if each.left <= 1e-9]
        self.active = [each for each in self.active if each.left > 1e-9]
        for each in ended:
            if each.is_ring:
                self.queue.append(_Message(self.now, self.chance.choice(self.cost.tick), False))
        while self.arrivals and self.arrivals[0] <= self.now + 1e-9:
            self.queue.append(_Message(self.arrivals.popleft(), self.chance.choice(self.cost.ring), True))
        while self.queue and len(self.active) < self.crew.workers:
            taken = self.queue.popleft()
            self.done.waits.append(self.now - taken.since)
            self.active.append(taken)


def fewest(dues: Sequence[float], period: float, cost: Cost, cores: float = float("inf")) -> tuple[int, Outcome]:
    """The fewest workers with which no message ever waits longer than a minute; what it is like with them. Each has a
    core of its own unless it is said how many there are."""
    for workers in count(1):
        found = simulate(dues, period, 4, cost, Crew(workers, min(cores, workers)))
        if found.oldest <= PATIENCE or workers >= len(dues):
            return workers, found
    raise AssertionError("unreachable")


def spread(environments: int, period: float) -> list[float]:
    """When beat rings for them within a period: evenly, as smsops' scheduler keeps them apart."""
    return [number * period / environments for number in range(environments)]


def crowd(environments: int) -> list[float]:
    """All in the same moment, as they would come without that."""
    return [0.0] * environments
