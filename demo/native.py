"""One release as a process of this machine, on a free loopback port: for trying it out and for tests."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self

PATIENCE = 180.0
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")  # processes that test side by side share them
PORTS = range(20_000 + int(WORKER) % 4, 28_000, 4) if WORKER else range(28_000, 30_000)
ADMIN = ("admin@school.example", "correct-horse")
SECRET_KEY = "0f9d3b7c51e84a26bd07c3f1a95e6d42"
_given: deque[int] = deque(maxlen=500)


@dataclass(frozen=True)
class Answer:
    """What the SMS said."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Native:
    """A release running from its tree on a database; stops at the end of the `with` block."""

    def __init__(self, tree: Path, database: Path, python: str = sys.executable, **switches: str) -> None:
        self.port = free_port()
        self.log_file = database.with_suffix(f".{self.port}.log")
        environment = {
            "PATH": os.environ["PATH"],
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": f"sqlite:///{database.resolve()}",
            "DEFAULT_ADMIN_EMAIL": ADMIN[0],
            "DEFAULT_ADMIN_PASSWORD": ADMIN[1],
            "SMS_PORT": str(self.port),
            **switches,
        }
        with self.log_file.open("wb") as log:
            command = [python, "-u", "backend/entrypoint.py"]
            self.process = subprocess.Popen(command, cwd=tree, env=environment, stdout=log, stderr=log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def log(self) -> str:
        """Everything it printed so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def started(self) -> Native:
        """Wait until it answers; raises when it ends first."""
        wait_for(lambda: self._answers() or self.process.poll() is not None, "an answer")
        if self.process.poll() is not None:
            raise RuntimeError(f"The SMS ended with {self.process.returncode}:\n{self.log}")
        return self

    def ended(self) -> int:
        """Wait for its end and return the exit code; negative is the number of the signal."""
        return self.process.wait(timeout=PATIENCE)

    def stop(self) -> float:
        """Ask it to stop and wait for that; returns the seconds it took."""
        asked = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)
        return time.monotonic() - asked

    def kill(self) -> None:
        """End it at once, if it still runs."""
        self.process.kill()
        self.process.wait(timeout=PATIENCE)

    def ask(self, method: str, path: str, body: object = None, token: str = "") -> Answer:
        """One request; redirects are answers too."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, token: str = "") -> Answer:
        """GET."""
        return self.ask("GET", path, token=token)

    def login(self, email: str = ADMIN[0], password: str = ADMIN[1]) -> Answer:
        """Sign in, by default as the administrator it was started with."""
        return self.ask("POST", "/api/v1/auth/login", {"email": email, "password": password})

    def _answers(self) -> bool:
        # Knocking before it listens is not only useless: a port of ours may then connect to itself.
        try:
            return "Uvicorn running" in self.log and bool(self.get("/health/live").status)
        except OSError:
            return False


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as the condition holds; raises TimeoutError after so many seconds."""
    deadline, pause = time.monotonic() + seconds, Event()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:g} s for {what}.")
        pause.wait(0.02)


def free_port() -> int:
    """A port of the loopback interface nobody listens on, below those the kernel gives away: it stays free until it is
    used, and while what uses it is restarted. This process is not given it again soon."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.append(port)
                return port
