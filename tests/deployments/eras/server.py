"""A tiny web server that says what it is given, and counts what it was asked."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """An answer: JSON unless the body is text."""

    body: Any = None
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request: whether it came with a token, and which of its kind it is."""

    token: bool
    number: int


Answer = Reply | Callable[[Asked], Reply]
Answers = Mapping[str, Answer]  # by “GET /path”, without what is behind a question mark
NOT_FOUND = Reply({"detail": "Not Found"}, 404)


@dataclass(frozen=True)
class Server:
    """Where it is, and how often each thing was asked."""

    url: str
    asked: Counter[str]


@contextlib.contextmanager
def serving(answers: Answers) -> Iterator[Server]:
    """Serve these answers; whatever else is asked is the page of “GET /*”, as an SPA has it, or 404."""
    counted: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer("POST")

        def _answer(self, method: str) -> None:
            what = f"{method} {self.path.partition('?')[0]}"
            counted[what] += 1
            found = answers.get(what, answers.get(f"{method} /*", NOT_FOUND))
            asked = Asked("Authorization" in self.headers, counted[what])
            reply = found if isinstance(found, Reply) else found(asked)
            text = isinstance(reply.body, str)
            data = (reply.body if text else json.dumps(reply.body)).encode()
            self.send_response(reply.code)
            for name, value in {"Content-Type": "text/html" if text else "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}", counted)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
