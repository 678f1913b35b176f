"""A small HTTP client for asking SMS: one bounded request, no redirects, never an exception for a bad answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

MAX_BODY = 2 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back: `code` 0 and an `error` sentence when nothing did. `seconds` is the whole exchange."""

    url: str
    code: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""

    @property
    def answered(self) -> bool:
        return self.code > 0

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    def json(self) -> Any:
        """The body as JSON, or None when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def describe(self) -> str:
        """The answer in a few words."""
        return f"HTTP {self.code}" if self.answered else self.error


def ask(
    base_url: str,
    path: str,
    *,
    timeout: float = 5.0,
    method: str = "GET",
    payload: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request and return what came back within `timeout` seconds in all, whatever that was."""
    began = time.monotonic()
    body = None if payload is None else json.dumps(payload).encode()
    sent = {"Accept": "application/json, text/html", "Connection": "close", **(headers or {})}
    if body is not None:
        sent["Content-Type"] = "application/json"
    try:
        with _connected(base_url, timeout) as connection:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            data = _read(response)
        received = {name.lower(): value for name, value in response.getheaders()}
        late = time.monotonic() - began > timeout
        if not late:
            return Answer(base_url + path, response.status, data, received, time.monotonic() - began)
        error = f"no answer within {timeout:g} s"
    except (OSError, http.client.HTTPException, ValueError) as problem:
        error = _reason(problem, timeout, time.monotonic() - began)
    return Answer(base_url + path, seconds=time.monotonic() - began, error=error)


@contextlib.contextmanager
def _connected(base_url: str, timeout: float) -> Iterator[http.client.HTTPConnection]:
    """A connection that is cut after `timeout` seconds in all: a server that drips bytes must not hold us for ever,
    and a socket's own timeout begins anew with every byte."""
    with contextlib.closing(_connection(base_url, timeout)) as connection:
        began = time.monotonic()
        connection.connect()
        watch = threading.Timer(timeout - (time.monotonic() - began), _cut, (connection.sock,))
        watch.daemon = True
        watch.start()
        try:
            yield connection
        finally:
            watch.cancel()


def _connection(base_url: str, timeout: float) -> http.client.HTTPConnection:
    url = urlsplit(base_url)
    if url.scheme == "unix":
        return UnixConnection(url.path, timeout)
    connection_class = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return connection_class(url.hostname or "", url.port, timeout=timeout)


class UnixConnection(http.client.HTTPConnection):
    """A connection over a socket that is a file."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("127.0.0.1", timeout=timeout)  # the host whose name Caddy accepts over a socket
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _read(response: http.client.HTTPResponse) -> bytes:
    """Read the body, at most MAX_BODY."""
    data = b""
    while len(data) < MAX_BODY and (piece := response.read1(65536)):
        data += piece
    return data


def _reason(error: Exception, timeout: float, spent: float) -> str:
    if isinstance(error, TimeoutError) or spent >= timeout:
        return f"no answer within {timeout:g} s"
    if isinstance(error, ValueError):
        return "the address is not valid"
    if isinstance(error, (ConnectionRefusedError, FileNotFoundError)):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "the host name is unknown"
    return f"no usable answer ({type(error).__name__})"
