"""A real SMS with a real worker beside it, for as long as something is measured."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from bench import by_hand
from demo import repository
from smsops.models import Run
from tests import brokers
from tests.places import DockerPlace, Place, ProcessPlace, wait_for

P = TypeVar("P", bound=Place)
ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def workplace(database: Callable[[Path], object]) -> Iterator[ProcessPlace]:
    """A place whose database `database` makes where it is told; nothing runs there yet but the worker, on the embedded
    broker."""
    with _folder() as folder, _worked(folder, _place(folder, database)) as place:
        yield place


@contextlib.contextmanager
def docker_workplace(database: Callable[[Path], object]) -> Iterator[DockerPlace]:
    """The same in the Docker Engine, with a Redis in between."""
    with _folder() as folder:
        repository.build(folder / "repository")
        database(folder / "student_management.db")
        place = DockerPlace(folder, folder / "repository", folder / "student_management.db")
        with redis_in(folder), _worked(folder, place):
            try:
                yield place
            finally:
                by_hand.take_away(place)


@contextlib.contextmanager
def redis_in(folder: Path) -> Iterator[None]:
    """Messages go through a Redis, as in an installation in Docker."""
    with brokers.running(folder) as broker, brokers.bells_through(broker):
        os.environ["SMSOPS_BROKER_URL"] = broker.url
        try:
            yield
        finally:
            del os.environ["SMSOPS_BROKER_URL"]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="smsops-bench-") as name:
        yield Path(name)


@contextlib.contextmanager
def _worked(folder: Path, place: P) -> Iterator[P]:
    """A worker for the place, and an end of both."""
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
