"""A real Caddy in front of a real SMS, and visitors that come all the time."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from smsops.edge.caddy import Caddy
from smsops.http import ask
from smsops.models import EdgeKind
from tests.places import Place, free_port, wait_for

PROGRAM = Path(sys.executable).with_name("caddy")


class CaddyServer:
    """Caddy as an installation runs it: orders over a socket of its own, its configuration kept over restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.admin = f"unix://{folder}/admin.sock"
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "Caddyfile").write_text(f"{{\n\tadmin unix/{folder}/admin.sock\n\tskip_install_trust\n}}\n")

    def start(self) -> None:
        home = {"XDG_CONFIG_HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "HOME": str(self.folder)}
        command = [str(PROGRAM), "run", "--resume", "--config", str(self.folder / "Caddyfile")]
        with (self.folder / "caddy.log").open("ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **home}, stdout=log, stderr=log)
        wait_for(lambda: ask(self.admin, "/config/").answered, "Caddy")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def put_before(place: Place, server: CaddyServer) -> Caddy:
    """Give the place an edge; requests go through it from the next switch on."""
    place.environment.edge, place.environment.edge_admin = EdgeKind.CADDY, server.admin
    place.environment.gate_seconds = 40
    place.environment.full_clean()
    place.environment.save()
    return Caddy(place.environment.name, server.admin, place.environment.host_port)


@dataclass
class Visit:
    """One request: when it was sent, in seconds since the first; how long it took; what came back (0: nothing)."""

    at: float
    took: float
    code: int


@dataclass
class Visitors:
    """Send `rate` requests a second, every third one with a body, each over a connection of its own, like people who
    come by. Use it with `with`; afterwards `visits` tells what became of them."""

    port: int
    rate: float = 50
    path: str = "/health/live"
    visits: list[Visit] = field(default_factory=list)

    def __enter__(self) -> Visitors:
        self._began, self._over = time.monotonic(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._gate = threading.Thread(target=self._come)
        self._gate.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._gate.join()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> list[Visit]:
        """Those that got no answer, or an error of the server."""
        return [visit for visit in self.visits if not visit.code or visit.code >= 500]

    @property
    def worst(self) -> float:
        """The longest anybody waited, in seconds."""
        return max(visit.took for visit in self.visits)

    def _come(self) -> None:
        number = 0
        while not self._over.wait(max(0.0, self._began + number / self.rate - time.monotonic())):
            thread = threading.Thread(target=self._visit, args=(number,))
            thread.start()
            self._threads.append(thread)
            number += 1

    def _visit(self, number: int) -> None:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        code = 0
        try:
            if number % 3:
                connection.request("GET", self.path)
            else:
                connection.request("POST", "/api/v1/auth/refresh", b"{}", {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            code = answer.status
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        self.visits.append(Visit(began - self._began, time.monotonic() - began, code))


__all__ = ["CaddyServer", "Visit", "Visitors", "free_port", "put_before"]
