"""Posts bodies to a server over plain sockets, from some connections at once, and times each answer.

A connection is kept as long as the server keeps it. The generator is small on purpose: what it takes itself is the same
for everybody it measures.
"""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count


@dataclass
class Heard:
    """How long each answer took, in seconds, in a run of `wall` seconds."""

    wall: float
    taken: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.taken) / self.wall

    @property
    def p50(self) -> float:
        return statistics.median(self.taken)


class _Caller:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.line: socket.socket | None = None

    def ask(self, request: bytes) -> None:
        """Send it and read the whole answer; anything but 2xx ends the bench."""
        if self.line is None:
            self.line = socket.create_connection(("127.0.0.1", self.port), 60)
            self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line.sendall(request)
        head, body = self._until(b"\r\n\r\n")
        names = head.lower()
        if names[9:10] != b"2":
            raise RuntimeError(f"the server answered {head[:200]!r} {body[:500]!r}")
        left = int(names.split(b"content-length:")[1].split(b"\r\n")[0]) - len(body)
        while left > 0:
            left -= len(self.line.recv(left))
        if b"connection: close" in names:
            self.close()

    def _until(self, mark: bytes) -> tuple[bytes, bytes]:
        assert self.line is not None
        data = b""
        while mark not in data:
            piece = self.line.recv(65536)
            if not piece:
                raise RuntimeError("the server hung up")
            data += piece
        head, _, body = data.partition(mark)
        return head + b"\r\n", body

    def close(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None


def post(port: int, path: str, bodies: Sequence[bytes], connections: int, seconds: float) -> Heard:
    """Post the bodies in turn, again and again, for so long."""
    requests = [_request(path, body) for body in bodies]
    turn, began = count(), time.perf_counter()
    heard, trouble = Heard(seconds), list[BaseException]()

    def work() -> None:
        caller = _Caller(port)
        try:
            while time.perf_counter() - began < seconds:
                start = time.perf_counter()
                caller.ask(requests[next(turn) % len(requests)])
                heard.taken.append(time.perf_counter() - start)
        except BaseException as error:
            trouble.append(error)
        finally:
            caller.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heard.wall = time.perf_counter() - began
    if trouble:
        raise trouble[0]
    return heard


def _request(path: str, body: bytes) -> bytes:
    head = (f"POST {path} HTTP/1.1", "Host: bench", "Content-Type: application/json", f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body
