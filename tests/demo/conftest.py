"""What the tests of the demo SMS share: the repository, the release trees, a school, and running releases."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from demo import repository as repositories
from demo import seeding
from demo.native import ADMIN, Native

Trees = Callable[[str], Path]
Launch = Callable[..., Native]

STUDENTS = 300
NEWEST = "1.19.0"


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The git repository of all releases."""
    folder = tmp_path_factory.mktemp("demo") / "repository"
    repositories.build(folder)
    return folder


@pytest.fixture(scope="session")
def tree(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Trees:
    """The files of a release, as `git archive` gives them."""
    root = tmp_path_factory.mktemp("trees")

    @cache
    def unpack(version: str) -> Path:
        command = ["git", "-C", str(repository), "archive", "--format=tar", f"v{version}"]
        archive = subprocess.run(command, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(root / version, filter="data")
        return root / version

    return unpack


@pytest.fixture(scope="session")
def old_school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A school on the schema of the oldest release, with an administrator. Copy it, never run on it."""
    database = tmp_path_factory.mktemp("school") / "old.db"
    seeding.make(seeding.Order(database, students=STUDENTS, admin=ADMIN))
    return database


@pytest.fixture(scope="session")
def new_school(old_school: Path, tree: Trees) -> Path:
    """The same school on the schema of the newest good release."""
    database = old_school.with_name("new.db")
    shutil.copy(old_school, database)
    migrate(tree(NEWEST), database)
    return database


@pytest.fixture
def database(new_school: Path, tmp_path: Path) -> Path:
    """A copy of the school for one test."""
    return Path(shutil.copy(new_school, tmp_path / "school.db"))


@pytest.fixture
def launch(tree: Trees, database: Path) -> Iterator[Launch]:
    """Start a release on the copy of the school; ended after the test."""
    running: list[Native] = []

    def start(version: str = NEWEST, on: Path = database, **switches: str) -> Native:
        running.append(Native(tree(version), on, **switches))
        return running[-1]

    yield start
    for sms in running:
        sms.kill()


@pytest.fixture(scope="session")
def shared_database(new_school: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database below `sms`."""
    return Path(shutil.copy(new_school, tmp_path_factory.mktemp("shared") / "school.db"))


@pytest.fixture(scope="session")
def sms(shared_database: Path, tree: Trees) -> Iterator[Native]:
    """One running release for every test that leaves the other tests' rows and accounts alone."""
    with Native(tree(NEWEST), shared_database) as running:
        yield running.started()


@pytest.fixture
def token(sms: Native) -> str:
    """The administrator's token at the shared release."""
    return str(sms.login().json["access_token"])


def migrate(tree: Path, database: Path) -> None:
    """Bring a database to the schema of a release."""
    alembic(tree, database, "upgrade", "heads")


def alembic(tree: Path, database: Path, *arguments: str) -> str:
    """Run Alembic as an operator would, in the backend's folder; returns standard output."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{database}"}
    command = [sys.executable, "-m", "alembic", *arguments]
    folder = tree / "backend"
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture(scope="session", name="alembic")
def _alembic() -> Callable[..., str]:
    return alembic
