"""Real SMS installations for the tests, one class per runtime; each cleans up everything it made, and only that."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
from django.conf import settings
from docker.errors import NotFound

from backups.services import backups
from demo.native import free_port as free_port
from deployments import selectors
from deployments.models import Release
from deployments.services import crossing, deploys, releases, rollbacks
from smsops import health
from smsops.models import FINAL, Environment, Run
from smsops.runs import executor
from smsops.runs.plan import By
from smsops.runtimes.base import Runtime
from smsops.runtimes.registry import runtime_for
from tests.machine.engine import IMAGE, OWN_LABEL

ADMIN = ("admin@school.example", "correct-horse")
SECRET_KEY = "kP3vQ8xW1zR6tY9uB2nM5aS7dF4gH0jLqE8rT3yU6iO1pC5v"
_RELEASES: dict[str, list[dict[str, Any]]] = {}


def wait_for(condition: Callable[[], Any], what: str, patience: float = 30.0) -> Any:
    """The first true answer of `condition`; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {patience:.0f} s for {what}")


def drive(run: Run, patience: float = 300.0) -> Run:
    """Work on the run in this process until its verdict is announced."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        wait = executor.drive(run.pk)
        run.refresh_from_db()
        if run.state in FINAL and run.end_announced:
            return run
        time.sleep(min(wait or 0.02, 1.0))
    raise AssertionError(f"run {run.pk} is still {run.state}: {run.headline}")


def digest(database: Path, *besides: str) -> str:
    """A digest of what is in a database, its write-ahead log included: the same content, the same digest. Rows of the
    tables `besides` do not count."""
    leave = tuple(f'INSERT INTO "{table}"' for table in besides)
    with contextlib.closing(sqlite3.connect(database)) as live, contextlib.closing(sqlite3.connect(":memory:")) as copy:
        live.backup(copy)
        return hashlib.sha256(
            b"".join(line.encode() for line in copy.iterdump() if not line.startswith(leave))
        ).hexdigest()


class Place:
    """An environment with a real SMS behind it."""

    runtime_kind: str
    environment: Environment

    def __init__(self, folder: Path, repository: Path, school: Path) -> None:
        self.name = f"t{uuid.uuid4().hex[:8]}"
        self.port = free_port()
        self.env_file = folder / "sms.env"
        self.write_env(SECRET_KEY=SECRET_KEY, DEFAULT_ADMIN_EMAIL=ADMIN[0], DEFAULT_ADMIN_PASSWORD=ADMIN[1])
        self.repository = repository
        self._set_up(folder, school)
        self.environment.full_clean()
        self.environment.save()
        self._add_releases()

    def _set_up(self, folder: Path, school: Path) -> None:
        raise NotImplementedError

    def write_env(self, **variables: str) -> None:
        """Write SMS's env file anew; a switch of the demo SMS is set here before a deploy."""
        self.env_file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))

    def add_env(self, **variables: str) -> None:
        with self.env_file.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in variables.items())

    def _describe(self, **fields: Any) -> Environment:
        return Environment(
            name=self.name,
            runtime=self.runtime_kind,
            env_file=str(self.env_file),
            source_path=str(self.repository),
            base_url=f"http://127.0.0.1:{self.port}",
            host_port=self.port,
            gate_seconds=120,  # on a busy machine a start may take long; whoever waits for its end sets another
            steady_seconds=0,
            watch_seconds=0,
            stop_seconds=5,
            memory_limit_mb=1024,
            health_seconds=2,
            smoke_email=ADMIN[0],
            smoke_password=ADMIN[1],
            **fields,
        )

    def _add_releases(self) -> None:
        """Import once per runtime and session; the same tags and images come out every time."""
        known = _RELEASES.get(self.runtime_kind)
        if known is None:
            releases.import_all(self.environment)
            skipped = ("id", "environment_id")
            rows = Release.objects.filter(environment=self.environment).values()
            _RELEASES[self.runtime_kind] = [{k: v for k, v in row.items() if k not in skipped} for row in rows]
        else:
            Release.objects.bulk_create(Release(environment=self.environment, **row) for row in known)

    @property
    def runtime(self) -> Runtime:
        return runtime_for(self.environment)

    @property
    def database(self) -> Path:
        return self.runtime.data_folder() / self.environment.database_file

    def plan_deploy(self, version: str) -> Run:
        release = selectors.find(self.environment, version)
        known = [each.version for each in crossing.breaking(self.environment)]
        return deploys.deploy(release, By(name="test"), known)

    def deploy(self, version: str) -> Run:
        return drive(self.plan_deploy(version))

    def roll_back(self, version: str = "") -> Run:
        return drive(rollbacks.start(self.environment, By(name="test"), version))

    def back_up(self) -> Run:
        return drive(backups.request(self.environment, By(name="test")))

    def serving(self) -> bool:
        return health.look(self.environment.base_url).good

    def running_version(self) -> str:
        found = self.runtime.inspect(self.environment.instance)
        return found.version if found is not None and found.up else ""

    def students(self) -> int:
        return self.ask("SELECT count(*) FROM students")

    def ask(self, query: str) -> int:
        """One number out of SMS's database."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            return int(connection.execute(query).fetchone()[0])

    def execute(self, statement: str) -> None:
        """Change SMS's database behind its back."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)

    def clear(self) -> None:
        """Stop and remove what this place made."""
        for found in self.runtime.instances():
            self.runtime.stop(found.name, 1)
            self.runtime.remove(found.name)


class ProcessPlace(Place):
    runtime_kind = "process"

    def __init__(self, folder: Path, repository: Path, school: Path, releases_path: Path) -> None:
        self.releases_path = releases_path
        super().__init__(folder, repository, school)

    def _set_up(self, folder: Path, school: Path) -> None:
        data = folder / "data"
        data.mkdir()
        shutil.copy2(school, data)
        self.environment = self._describe(volume="", data_path=str(data), releases_path=str(self.releases_path))

    def clear(self) -> None:
        super().clear()
        shutil.rmtree(Path(settings.DATA_DIR) / "instances" / self.name, ignore_errors=True)


class DockerPlace(Place):
    runtime_kind = "docker"

    def _set_up(self, folder: Path, school: Path) -> None:
        self.client = docker.DockerClient(base_url=settings.SMSOPS_DOCKER_HOST)
        volume = self.client.volumes.create(f"smsops-tests-{self.name}", labels={OWN_LABEL: "1"})
        data = Path(volume.attrs["Mountpoint"])
        shutil.copy2(school, data)
        for path in (data, data / school.name):
            shutil.chown(path, 1000, 1000)
        self.environment = self._describe(
            instance=f"smsops-tests-{self.name}", image=IMAGE, volume=f"smsops-tests-{self.name}"
        )

    def clear(self) -> None:
        super().clear()
        # A sandbox whose worker was killed is none of SMS's instances.
        name = f"{self.environment.instance}-sandbox"
        for left in self.client.containers.list(all=True, filters={"name": name}, ignore_removed=True):
            left.remove(force=True)
        with contextlib.suppress(NotFound):
            self.client.volumes.get(f"smsops-tests-{self.name}").remove()
        self.client.close()
