"""One message to one address: bounded in time, without redirects, and never into a private network by way of a name.

The name is looked up once, what it led to is judged, and to exactly that a connection is made: a name that leads
elsewhere a moment later leads nowhere.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from smsops.networks import inside

ALLOW = "SMSOPS_WEBHOOK_PRIVATE=1 allows it"


@dataclass(frozen=True)
class Posted:
    """What came of it. `status` 0: nothing that is an answer came back. Of the answer nothing else is kept."""

    status: int = 0
    problem: str = ""

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


class _Refused(Exception):
    """The address is not to be connected to; said in a sentence."""


def mistake(url: str) -> str:
    """Why nothing may be sent to that address, in a sentence; empty where it may. Names are not looked up here."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is no address."
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0 or not _plain(url):
        return "Give an address like “https://ops.school.example/hooks”."
    if parts.username or parts.password:
        return "A name and a password have no place in it; the signature says who sends."
    if parts.scheme == "http" and not settings.SMSOPS_WEBHOOK_PRIVATE:
        return f"It has to begin with https:// ({ALLOW})."
    with contextlib.suppress(ValueError):
        if inside(ipaddress.ip_address(parts.hostname)) and not settings.SMSOPS_WEBHOOK_PRIVATE:
            return f"It leads into a private network ({ALLOW})."
    return ""


def _plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def post(url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Posted:
    """Send it; whatever happens is an answer, within `seconds` in all once the name is looked up."""
    if said := mistake(url):
        return Posted(problem=said)
    parts = urlsplit(url)
    began = time.monotonic()
    try:
        return _post(parts, _addresses(parts), body, headers, seconds)
    except _Refused as error:
        return Posted(problem=str(error))
    except socket.gaierror:
        return Posted(problem="The host name is unknown.")
    except ssl.SSLError as error:
        return Posted(problem=f"Its certificate or its TLS is not accepted ({error.reason or 'TLS'}).")
    except ConnectionRefusedError:
        return Posted(problem="It refused the connection.")
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, TimeoutError) or time.monotonic() - began >= seconds:
            return Posted(problem=f"No answer within {seconds:g} s.")
        return Posted(problem=f"No usable answer ({type(error).__name__}).")


def _addresses(parts: SplitResult) -> list[str]:
    """What the name leads to, all of it judged: one private place among others is one too many."""
    found = socket.getaddrinfo(parts.hostname, None, proto=socket.IPPROTO_TCP)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    private = any(inside(ipaddress.ip_address(address.partition("%")[0])) for address in addresses)
    if private and not settings.SMSOPS_WEBHOOK_PRIVATE:
        raise _Refused(f"The name leads into a private network ({ALLOW}).")
    return addresses


def _post(parts: SplitResult, addresses: list[str], body: bytes, headers: Mapping[str, str], seconds: float) -> Posted:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with contextlib.closing(_Pinned(parts, addresses, seconds)) as connection:
        connection.connect()
        watch = threading.Timer(connection.left, connection.cut)
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", path, body=body, headers=dict(headers))
            status = connection.getresponse().status
        finally:
            watch.cancel()
        if connection.was_cut:  # what is cut off in its headers looks whole to the library
            raise TimeoutError
    if 300 <= status < 400:
        return Posted(status, f"It answered HTTP {status}; redirects are not followed.")
    return Posted(status, "" if 200 <= status < 300 else f"It answered HTTP {status}.")


class _Pinned(http.client.HTTPConnection):
    """A connection to these addresses alone, which speaks to the host of the name. No proxy comes in between."""

    def __init__(self, parts: SplitResult, addresses: list[str], seconds: float) -> None:
        super().__init__(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        self.secure, self.addresses = parts.scheme == "https", addresses
        self.ends = time.monotonic() + seconds
        self.was_cut = False

    @property
    def left(self) -> float:
        return max(0.05, self.ends - time.monotonic())

    def connect(self) -> None:
        self.sock = self._first()
        if self.secure:
            context = ssl.create_default_context()
            self.sock.settimeout(self.left)
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
        self.sock.settimeout(self.left)

    def _first(self) -> socket.socket:
        problem = OSError("no address")
        for address in self.addresses:
            try:
                return socket.create_connection((address, self.port), timeout=self.left)
            except OSError as error:
                problem = error
        raise problem

    def cut(self) -> None:
        """A server that drips bytes gets round a socket's own timeout."""
        self.was_cut = True
        with contextlib.suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)
