"""People who come by all the time: requests at a steady rate, each over a connection of its own."""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass, field


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
