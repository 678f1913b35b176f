"""Wires to a server that can be cut, or go silent, in the middle of what is sent."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from backups.vault.remote import Site


class Wire:
    """Passes on what callers send, up to so many bytes in all; then it is cut, or silent."""

    def __init__(self, port: int, most: int, *, silent: bool) -> None:
        self.port, self.left, self.silent = port, most, silent
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ends: dict[socket.socket, socket.socket] = {}
        self.callers: set[socket.socket] = set()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while not self.ended.is_set():
                if self.left > 0 or not self.silent:
                    self._pass_on()
                else:
                    self.ended.wait(0.05)
                if self.left <= 0 and not self.silent:
                    self._hang_up()

    def _pass_on(self) -> None:
        ready, _, _ = select.select([self.listener, *self.ends], [], [], 0.05)
        for end in ready:
            if end is self.listener:
                self._take_call()
            elif end in self.ends:
                self._pass(end)

    def _take_call(self) -> None:
        caller, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.port))
        self.ends[caller], self.ends[server] = server, caller
        self.callers.add(caller)

    def _pass(self, end: socket.socket) -> None:
        other = self.ends[end]
        data = b""
        with contextlib.suppress(ConnectionError):
            data = end.recv(65536)
            if end in self.callers:
                self.left -= len(data)
            if self.left > 0:
                other.sendall(data)
        if not data:
            for each in (end, other):
                self.ends.pop(each, None)
                each.close()

    def _hang_up(self) -> None:
        self.listener.close()
        for end in self.ends:
            end.close()
        self.ended.set()

    def close(self) -> None:
        self.ended.set()
        self.thread.join()
        self._hang_up()


@contextlib.contextmanager
def wired(site: Site, most: int, *, silent: bool = False) -> Iterator[Site]:
    """The site as it is reached over a wire that breaks after `most` bytes."""
    address = site.address if "://" in site.address else f"ssh://{site.address}"
    port = urlsplit(address).port
    assert port is not None
    wire = Wire(port, most, silent=silent)
    try:
        yield replace(site, address=site.address.replace(str(port), str(wire.listener.getsockname()[1])))
    finally:
        wire.close()
