"""Deploys: what orchestration costs on top of the work itself, with a real worker on the embedded broker."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bench.table import Row
from bench.workplace import finished, workplace
from demo.seeding import Order, make
from tests.places import ADMIN, ProcessPlace

OVERHEAD_BAR = 1.0  # seconds
WAITS = ("switch.gate", "switch.steady")  # their time is SMS's own


def rows() -> Iterator[Row]:
    with workplace(lambda database: make(Order(database, admin=ADMIN))) as place:
        taken = [_overhead(place, version) for version in ("1.18.0", "1.18.1", "1.18.0", "1.18.1")]
    yield Row("deploy: wall time", statistics.median(wall for wall, _ in taken[1:]), "s")
    over = statistics.median(over for _, over in taken[1:])
    yield Row("deploy: orchestration overhead (wall time minus work)", over, "s", OVERHEAD_BAR)


def _overhead(place: ProcessPlace, version: str) -> tuple[float, float]:
    """Seconds from the click to the verdict, and the part of it that was neither work nor SMS's own start."""
    run = finished(place.plan_deploy(version))
    wall = ((run.finished_at or run.created_at) - run.created_at).total_seconds()
    steps = list(run.steps.all())
    work = sum((step.seconds or 0) if step.kind in WAITS else step.work_seconds for step in steps)
    return wall, wall - work
