"""Deploys: what orchestration costs on top of the work itself, with a real worker on the embedded broker."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.table import Row
from demo import repository
from demo.seeding import Order, make
from tests.places import ADMIN, ProcessPlace, wait_for

OVERHEAD_BAR = 1.0  # seconds
WAITS = ("switch.gate", "switch.steady")  # their time is SMS's own
ROOT = Path(__file__).resolve().parents[1]


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as name:
        folder = Path(name)
        place = _place(folder)
        command = [sys.executable, "-m", "celery", "-A", "smsops", "worker", "--concurrency=2"]
        with (folder / "worker.log").open("wb") as log:
            worker = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=log, stderr=log)
        try:
            place_overheads = [_overhead(place, version) for version in ("1.18.0", "1.18.1", "1.18.0", "1.18.1")]
        finally:
            worker.terminate()
            worker.wait()
            place.clear()
    yield Row("deploy: wall time", statistics.median(wall for wall, _ in place_overheads[1:]), "s")
    over = statistics.median(over for _, over in place_overheads[1:])
    yield Row("deploy: orchestration overhead (wall time minus work)", over, "s", OVERHEAD_BAR)


def _place(folder: Path) -> ProcessPlace:
    from deployments import versions
    from deployments.sources.git import Repository

    repository.build(folder / "repository")
    source = Repository(str(folder / "repository"))
    for tag in source.tags():
        source.unpack(tag, folder / "releases" / versions.normal(tag.name))
    make(Order(folder / "student_management.db", admin=ADMIN))
    return ProcessPlace(folder, folder / "repository", folder / "student_management.db", folder / "releases")


def _overhead(place: ProcessPlace, version: str) -> tuple[float, float]:
    """Seconds from the click to the verdict, and the part of it that was neither work nor SMS's own start."""
    run = place.plan_deploy(version)

    def ended() -> bool:
        run.refresh_from_db()
        return run.finished and run.end_announced

    wait_for(ended, "the deploy", 60)
    assert run.state == "succeeded" and run.finished_at is not None, run.headline
    wall = (run.finished_at - run.created_at).total_seconds()
    steps = list(run.steps.all())
    work = sum((step.seconds or 0) if step.kind in WAITS else step.work_seconds for step in steps)
    return wall, wall - work
