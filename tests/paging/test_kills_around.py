"""`kill -9` on what surrounds the sender: beat, worker, broker, and the database."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User

from incidents.models import Incident, Page, PageState
from incidents.services import incidents
from smsops.models import Environment
from tests.backups.clusters import PASSWORD, USER, Cluster, cluster
from tests.machine.parts import find
from tests.paging.letters import ROOT, Letters, counting, fair
from tests.paging.people import DOWN, person, policy
from tests.places import free_port, wait_for
from tests.workers.conftest import Crew

SEED, DATABASE_KILLS, INCIDENTS = 20260305, 8, 60


def _three_sent(incident: Incident) -> bool:
    return Page.objects.filter(incident=incident, kind="page", state=PageState.SENT).count() == 3


class Redis:
    """A broker that can be killed and come back with nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = find("redis-server") or "redis-server"
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def letters(tmp_path: Path) -> Iterator[Letters]:
    with counting(tmp_path) as found:
        yield found


@pytest.fixture
def crew(
    tmp_path: Path, transactional_db: None, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Crew, Redis]]:
    """A worker and beat on a Redis of their own, with that mail server."""
    monkeypatch.setenv("SMSOPS_EMAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("SMSOPS_EMAIL_PORT", str(letters.port))
    redis = Redis(tmp_path)
    found = Crew(redis.url, tmp_path)
    yield found, redis
    found.end()
    redis.kill()


@pytest.mark.slow
@pytest.mark.redis
def test_beat_worker_and_broker_killed_in_turn_cost_no_page(
    crew: tuple[Crew, Redis], letters: Letters, environment: Environment
) -> None:
    hands, redis = crew
    people: list[User] = [person(name) for name in ("ada", "bo", "cleo")]
    policy({"users": people})
    worker, beat, random = hands.worker(), hands.beat(), Random(SEED)
    for number, victim in enumerate(["worker", "beat", "broker", "all"]):
        incident, _ = incidents.report(environment, replace(DOWN, fingerprint=f"trial {number}"))
        select.select([], [], [], random.uniform(0, 6))  # the moment itself is the point: nothing is waited for
        if victim in ("worker", "all"):
            hands.kill(worker)
        if victim in ("beat", "all"):
            hands.kill(beat)
        if victim in ("broker", "all"):
            redis.kill()
            redis.start()
        worker = hands.worker() if worker.poll() is not None else worker
        beat = hands.beat() if beat.poll() is not None else beat
        wait_for(partial(_three_sent, incident), f"pages after {victim}", 90)
    found = list(Page.objects.filter(kind="page"))
    assert len(found) == 12
    assert fair(found, letters.copies(found))


@pytest.fixture
def server() -> Iterator[Cluster]:
    with cluster() as found:
        yield found


def _environment(server: Cluster, letters: Letters, folder: Path) -> dict[str, str]:
    url = f"postgresql://{USER}:{PASSWORD.replace('/', '%2F').replace('@', '%40')}@127.0.0.1:{server.port}/postgres"
    own = {
        "DJANGO_SETTINGS_MODULE": "tests.settings", "SMSOPS_DATABASE_URL": url, "SMSOPS_TESTS_FOLDER": str(folder),
        "SMSOPS_EMAIL_HOST": "127.0.0.1", "SMSOPS_EMAIL_PORT": str(letters.port),
    }  # fmt: skip
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | own


def _rows(server: Cluster) -> list[tuple[Any, ...]]:
    """Key, due, state, unsure of every page; nothing while the server is away."""
    try:
        return server.execute("postgres", "SELECT key, due_at, state, unsure FROM incidents_page WHERE kind = 'page'")
    except psycopg.OperationalError:
        return []


@pytest.mark.slow
@pytest.mark.postgres
def test_a_database_that_is_killed_again_and_again_costs_no_page(
    server: Cluster, letters: Letters, tmp_path: Path
) -> None:
    env, random = _environment(server, letters, tmp_path), Random(SEED)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    command = [sys.executable, "-m", "tests.paging.sweeping", str(INCIDENTS)]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE) as sender:
        assert sender.stdout is not None
        sender.stdout.readline()
        for _ in range(DATABASE_KILLS):
            select.select([], [], [], random.uniform(0.05, 0.4))  # the moment itself is the point
            _kill(server)
            server.start()
        done = wait_for(lambda: _all_sent(server), "every page", 120)
        sender.kill()
    taken = letters.taken()
    copies = {row: taken[f"<{row[0]}.{row[1].timestamp():.0f}@smsops>"] for row in done}
    print("twice:", sum(number > 1 for number in copies.values()), "of", len(done))
    assert len(done) == INCIDENTS * 3
    assert min(copies.values()) == 1
    assert not [row for row, number in copies.items() if number > 1 and not row[3]]


def _kill(server: Cluster) -> None:
    """End it at once, and wait until its children have noticed: another one may not have its folder before."""
    pid = server.process.pid
    server.process.send_signal(signal.SIGSTOP)  # it begins no other meanwhile
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "its children")


def _all_sent(server: Cluster) -> list[tuple[Any, ...]]:
    rows = _rows(server)
    return rows if len(rows) == INCIDENTS * 3 and all(row[2] == "sent" for row in rows) else []
