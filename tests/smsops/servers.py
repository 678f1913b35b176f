"""Servers on the loopback, as strange as servers can be."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answers = Mapping[str, tuple[int, Any]]
Talk = Callable[[socket.socket, threading.Event], None]


@contextlib.contextmanager
def answering(answers: Answers) -> Iterator[str]:
    """A web server that answers each path with a code and a body (JSON unless it is text), and every other path as “*”.

    Without a “*” the rest is 404, and what is posted comes back.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*self._found((404, "not found")))

        def do_POST(self) -> None:
            received = self.rfile.read(int(self.headers["Content-Length"])).decode()
            echo = {"type": self.headers["Content-Type"], "body": received, **dict(self.headers)}
            self._answer(*self._found((200, echo)))

        def _found(self, otherwise: tuple[int, Any]) -> tuple[int, Any]:
            return answers.get(self.path, answers.get("*", otherwise))

        def _answer(self, code: int, body: Any) -> None:
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(code)
            self.send_header("X-Asked", self.path)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def talking(talk: Talk) -> Iterator[str]:
    """A server that treats its one caller as `talk` does; the event is set when the test is over."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve_one, args=(listener, talk, over))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        with contextlib.suppress(OSError):  # ends an accept() nobody came for
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        listener.close()


def _serve_one(listener: socket.socket, talk: Talk, over: threading.Event) -> None:
    with contextlib.suppress(OSError):
        caller, _ = listener.accept()
        with caller:
            caller.settimeout(5)
            caller.recv(65536)
            talk(caller, over)


def hanging(caller: socket.socket, over: threading.Event) -> None:
    """Takes the request and says nothing."""
    over.wait(60)


def saying(data: bytes) -> Talk:
    """Sends these bytes and hangs up."""
    return lambda caller, over: caller.sendall(data)


def dripping(first: bytes, drop: bytes) -> Talk:
    """Sends `first`, then a drop every few milliseconds, for a minute at most."""

    def talk(caller: socket.socket, over: threading.Event) -> None:
        caller.sendall(first)
        for _ in range(1200):
            if over.wait(0.05):
                return
            caller.sendall(drop)

    return talk


def flooding(first: bytes) -> Talk:
    """Sends `first` and then bytes without an end."""

    def talk(caller: socket.socket, over: threading.Event) -> None:
        caller.sendall(first)
        while not over.is_set():
            caller.sendall(b"x" * 65536)

    return talk
