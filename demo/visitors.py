"""People who come by all the time: requests at a steady rate, each over a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass, field

PATIENCE = 180  # seconds


@dataclass
class Visit:
    """One request: when it was sent, in seconds since the first; how long it took; what came back (0: nothing)."""

    at: float
    took: float
    code: int


@dataclass
class Visitors:
    """Send `rate` requests a second, every third one with a body, each over a connection of its own, like people who
    come by. Use it with `with`; afterwards `visits` tells what became of them, `began` when the first was sent, on the
    monotonic clock. All of them are in one thread, so that they take little from the machine SMS is on."""

    port: int
    rate: float = 50
    path: str = "/health/live"
    visits: list[Visit] = field(default_factory=list)
    began: float = 0.0

    def __enter__(self) -> Visitors:
        self.began, self._over = time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._come()))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def failed(self) -> list[Visit]:
        """Those that got no answer, or an error of the server."""
        return [visit for visit in self.visits if not visit.code or visit.code >= 500]

    @property
    def worst(self) -> float:
        """The longest anybody waited, in seconds."""
        return max(visit.took for visit in self.visits)

    async def _come(self) -> None:
        async with asyncio.TaskGroup() as all_of_them:
            number = 0
            while not self._over.is_set():
                wait = self.began + number / self.rate - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(min(wait, 0.1))
                    continue
                all_of_them.create_task(self._visit(number))
                number += 1

    async def _visit(self, number: int) -> None:
        began, code = time.monotonic(), 0
        with contextlib.suppress(OSError, EOFError, ValueError, IndexError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                code = await self._asked(self._get() if number % 3 else self._post())
        self.visits.append(Visit(began - self.began, time.monotonic() - began, code))

    def _get(self) -> bytes:
        return f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()

    def _post(self) -> bytes:
        head = "POST /api/v1/auth/refresh HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        return f"{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode()

    async def _asked(self, request: bytes) -> int:
        """The status of a whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.splitlines()
            headers = {name.lower(): value for name, _, value in (line.partition(":") for line in lines)}
            await (reader.readexactly(int(headers["content-length"])) if "content-length" in headers else reader.read())
            return int(status.split()[1])
        finally:
            writer.close()
