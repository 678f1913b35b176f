"""The door for alerts as a program of its own: gunicorn, on the tests' database or another, on a free port."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.ops.terminal import installation
from tests.places import free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Door:
    """A running one."""

    port: int
    process: subprocess.Popen[bytes]

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def send(self, path: str, body: bytes, **headers: str) -> int:
        """Post it; return the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", path, body, headers)
            return connection.getresponse().status

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return self.send("/", b"") == 404
        return False


@contextlib.contextmanager
def door(folder: Path, workers: int = 2, port: int = 0, **environment: str) -> Iterator[Door]:
    """Two workers, as an installation has them."""
    port = port or free_port()
    words = [
        sys.executable,
        "-m",
        "gunicorn",
        f"--bind=127.0.0.1:{port}",
        f"--workers={workers}",
        "--log-level=error",
        "--preload",
    ]
    log = (folder / "door.log").open("ab")
    env = {**os.environ, **installation(), "SMSOPS_HTTPS": "0", **environment}
    process = subprocess.Popen([*words, "incidents.intake_site:application"], cwd=ROOT, env=env, stdout=log, stderr=log)
    found = Door(port, process)
    try:
        wait_for(found.answers, "the door for alerts", 180)
        yield found
    finally:
        process.terminate()
        process.wait(120)
        log.close()
