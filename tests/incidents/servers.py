"""Servers that do not answer as SMS does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Mute:
    """Takes connections and never says a word."""

    def __init__(self) -> None:
        self.asked, self.ended = threading.Event(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connections: list[socket.socket] = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def _serve(self) -> None:
        self.listener.settimeout(0.05)
        while not self.ended.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                self.asked.set()

    def close(self) -> None:
        self.ended.set()
        self.thread.join()
        for connection in (*self.connections, self.listener):
            connection.close()


@contextlib.contextmanager
def mute() -> Iterator[Mute]:
    server = Mute()
    try:
        yield server
    finally:
        server.close()
