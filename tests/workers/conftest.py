"""Real Celery workers and beat as processes, on the folder broker and on a real Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.db import connection

from tests import brokers

ROOT = Path(__file__).resolve().parents[2]


class Crew:
    """Workers and beat of one installation, all on the test's own database and broker."""

    def __init__(self, broker_url: str, folder: Path, **env: str) -> None:
        self.broker_url, self.folder, self.env = broker_url, folder, env
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `celery WORDS` in a process group of its own."""
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "SMSOPS_DATABASE_URL": _database_url(),
            "SMSOPS_BROKER_URL": self.broker_url,
            "SMSOPS_DATA_DIR": str(settings.DATA_DIR),
            "SMSOPS_SWEEP_SECONDS": "0.5",
            "SMSOPS_VAULT_DIR": str(settings.SMSOPS_VAULT_DIR),
            "SMSOPS_KEYS_DIR": str(settings.SMSOPS_KEYS_DIR),
            "SMSOPS_WORK_DIR": str(settings.SMSOPS_WORK_DIR),
            "SMSOPS_EVIDENCE_DIR": str(settings.SMSOPS_EVIDENCE_DIR),
            **self.env,
        }
        with (self.folder / f"{words[0]}-{len(self.processes)}.log").open("wb") as log:
            command = [sys.executable, "-m", "celery", "-A", "smsops", *words]
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker", "--concurrency=2", "--without-gossip", "--without-mingle")

    def beat(self) -> subprocess.Popen[bytes]:
        return self.start("beat", f"--pidfile={self.folder / 'beat.pid'}")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL to the whole group: no handler runs, nothing is cleaned up."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)


@contextmanager
def working(folder: Path, **env: str) -> Iterator[Crew]:
    """A worker and beat on the folder broker, as the README has them started."""
    found = Crew("folder://localhost/", folder, **env)
    found.worker()
    found.beat()
    try:
        yield found
    finally:
        found.end()


def _database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    values = connection.settings_dict
    password = quote(values["PASSWORD"], safe="")
    return f"postgresql://{values['USER']}:{password}@{values['HOST']}:{values['PORT']}/{name}"


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A real Redis of our own."""
    with brokers.running(tmp_path) as broker:
        yield broker.url


@pytest.fixture(params=["folder", pytest.param("redis", marks=pytest.mark.redis)])
def crew(request: pytest.FixtureRequest, tmp_path: Path, transactional_db: None) -> Iterator[Crew]:
    """A crew on each broker in turn."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
    else:
        (tmp_path / "broker").mkdir()
        url = "folder://localhost/"
    found = Crew(url, tmp_path)
    flush(found)  # what earlier tests rang for and nobody heard
    yield found
    found.end()


def flush(crew: Crew) -> None:
    """Lose every message the broker holds."""
    if crew.broker_url.startswith("redis"):
        with redis.Redis.from_url(crew.broker_url) as client:
            client.flushall()
    for message in Path(settings.BROKER_DIR).glob("*.msg"):
        message.unlink(missing_ok=True)
