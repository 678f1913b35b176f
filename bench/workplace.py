"""A real SMS with a real worker beside it, on the embedded broker, for as long as something is measured."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from demo import repository
from smsops.models import Run
from tests.places import ProcessPlace, wait_for

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def workplace(database: Callable[[Path], object]) -> Iterator[ProcessPlace]:
    """A place whose database `database` makes where it is told; nothing runs there yet but the worker."""
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as name:
        folder = Path(name)
        place = _place(folder, database)
        command = [sys.executable, "-m", "celery", "-A", "smsops", "worker", "--concurrency=2"]
        with (folder / "worker.log").open("wb") as log:
            worker = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=log, stderr=log)
        try:
            yield place
        finally:
            worker.terminate()
            worker.wait()
            place.clear()


def finished(run: Run, patience: float = 120) -> Run:
    """Wait for the worker's verdict, which must be a good one."""

    def ended() -> bool:
        run.refresh_from_db()
        return run.finished and run.end_announced

    wait_for(ended, run.title, patience)
    assert run.state == "succeeded", run.headline
    return run


def _place(folder: Path, database: Callable[[Path], object]) -> ProcessPlace:
    from deployments import versions
    from deployments.sources.git import Repository

    repository.build(folder / "repository")
    source = Repository(str(folder / "repository"))
    for tag in source.tags():
        source.unpack(tag, folder / "releases" / versions.normal(tag.name))
    database(folder / "student_management.db")
    return ProcessPlace(folder, folder / "repository", folder / "student_management.db", folder / "releases")
