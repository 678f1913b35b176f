"""A small HTTP client for asking SMS: one bounded request, no redirects, never an exception for a bad answer."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Mapping
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
        except ValueError:
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
    url = urlsplit(base_url)
    began = time.monotonic()
    connection_class = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connection_class(url.hostname or "", url.port, timeout=timeout)
    body = None if payload is None else json.dumps(payload).encode()
    sent = {"Accept": "application/json, text/html", "Connection": "close", **(headers or {})}
    if body is not None:
        sent["Content-Type"] = "application/json"
    try:
        connection.request(method, path, body=body, headers=sent)
        response = connection.getresponse()
        data = _read(response, connection, began + timeout)
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(base_url + path, response.status, data, received, time.monotonic() - began)
    except (OSError, http.client.HTTPException) as error:
        return Answer(base_url + path, seconds=time.monotonic() - began, error=_reason(error, timeout))
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse, connection: http.client.HTTPConnection, end: float) -> bytes:
    """Read the body, at most MAX_BODY, until `end`: a server that drips bytes must not hold us for ever."""
    data = b""
    while len(data) < MAX_BODY:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if connection.sock is not None:
            connection.sock.settimeout(left)
        piece = response.read1(65536)
        if not piece:
            break
        data += piece
    return data


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:.0f} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "the host name is unknown"
    return f"no usable answer ({type(error).__name__})"
