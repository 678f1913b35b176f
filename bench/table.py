"""Rows of the bench: a figure, its bar, and whether it was kept."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. Without a bar it is only told; with one, `value` must not be above it."""

    name: str
    value: float
    unit: str
    bar: float | None = None

    @property
    def missed(self) -> bool:
        return self.bar is not None and self.value > self.bar

    def line(self) -> str:
        bar = f"{self.bar:10.2f} {self.unit}" if self.bar is not None else " " * 12
        verdict = "" if self.bar is None else "missed" if self.missed else "ok"
        return f"{self.name:<84} {self.value:10.3f} {self.unit:<3} {bar}  {verdict}"


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, once."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def side_by_side(
    works: Mapping[str, Callable[[], object]], times: int, before: Callable[[], object] = lambda: None, *, warm: int = 1
) -> dict[str, list[float]]:
    """The seconds of each, so many times: taken in turn, so that a slow moment of the machine hits all of them, and in
    changing order, so that what one leaves to the disk and the caches is not always paid for by the same other one.
    `before` is done ahead of each round and not counted; nor are the first `warm` rounds."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    chance, order = random.Random(1), list(works.items())
    for number in range(warm + times):
        before()
        chance.shuffle(order)
        for name, work in order:
            spent = seconds(work)
            if number >= warm:
                taken[name].append(spent)
    return taken
