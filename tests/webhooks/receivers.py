"""Receivers of webhooks: real servers, which answer as a test wants, and what they make of a message."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What came, and what is answered: a status, or `hangs` until it is let go."""

    url: str = ""
    answer: int = 204
    hangs: bool = False
    location: str = ""
    let_go: threading.Event = field(default_factory=threading.Event)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.came]


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.receiver.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
        if self.receiver.hangs:
            self.receiver.let_go.wait(20)
        with contextlib.suppress(OSError):
            self.send_response(self.receiver.answer)
            if self.receiver.location:
                self.send_header("Location", self.receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def receiving(**fields: Any) -> Iterator[Receiver]:
    """A receiver on the loopback."""
    receiver = Receiver(**fields)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": receiver}))
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks?to=smsops"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether a message is genuine, as the specification of Standard Webhooks has it, written from its text alone:
    the secret is base64 behind “whsec_”; signed is id, timestamp and body, joined by dots; each signature of the list
    is a version, a comma and base64."""
    scheme, _, encoded = secret.partition("_")
    key = base64.standard_b64decode(encoded)
    if scheme != "whsec" or not 24 <= len(key) <= 64:
        return False
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    content = headers["webhook-id"] + "." + headers["webhook-timestamp"] + "." + body.decode()
    expected = hmac.new(key, content.encode(), hashlib.sha256).digest()
    for signature in headers["webhook-signature"].split(" "):
        version, _, mark = signature.partition(",")
        if version == "v1" and hmac.compare_digest(base64.standard_b64decode(mark), expected):
            return True
    return False
