"""A Redis of our own, and this process' messages through it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

from smsops.celery import app
from tests.machine.parts import find
from tests.places import free_port, wait_for

OPTIONS = {"visibility_timeout": 3600, "socket_timeout": 5, "socket_connect_timeout": 2}


class Redis:
    """It writes nothing down: started again, it is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def launch(self) -> None:
        """Start it; it answers a moment later."""
        words = [find("redis-server") or "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen([*words, "--dir", str(self.folder)], stdout=log, stderr=log)

    def answers(self) -> bool:
        with redis.Redis(port=self.port) as client, contextlib.suppress(redis.ConnectionError):
            return bool(client.ping())
        return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Redis]:
    """It answers, until the end."""
    found = Redis(folder)
    found.launch()
    try:
        wait_for(found.answers, "Redis")
        yield found
    finally:
        found.kill()


@contextlib.contextmanager
def bells_in(folder: Path) -> Iterator[None]:
    """What this process rings lies in the folder, a file for each ring."""
    before = app.conf.broker_url, app.conf.broker_transport_options
    place = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": f"{folder}/control"}
    _use("folder://localhost/", {**before[1], **place})
    try:
        yield
    finally:
        _use(*before)


@contextlib.contextmanager
def bells_through(broker: Redis) -> Iterator[None]:
    """What this process rings goes through it."""
    before = app.conf.broker_url, app.conf.broker_transport_options
    _use(broker.url, OPTIONS)
    try:
        yield
    finally:
        _use(*before)


def _use(url: str, options: dict[str, Any]) -> None:
    made: Any = app
    made.conf.broker_url, made.conf.broker_transport_options = url, options
    made._pool = made.amqp._producer_pool = None
