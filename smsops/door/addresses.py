"""Where the door listens and where the engine is: a Unix socket, or a port of this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LIMIT = 256 * 1024


@dataclass(frozen=True)
class Address:
    """“unix:/run/engine.sock”, or “tcp:127.0.0.1:2375”. No port that others reach: nobody is asked for a password."""

    path: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def of(cls, text: str) -> Address:
        """Read it; ValueError with a sentence when it is none."""
        kind, _, rest = text.partition(":")
        rest = rest.removeprefix("//")
        if kind == "unix" and rest.startswith("/"):
            return cls(path=rest)
        host, _, port = rest.rpartition(":")
        if kind != "tcp" or not port.isdecimal() or not ip_address(host.strip("[]")).is_loopback:
            raise ValueError(f"“{text}” is neither unix:/PATH nor tcp: with an address and port of this machine alone.")
        return cls(host=host.strip("[]"), port=int(port))

    async def connect(self) -> Streams:
        """A new connection there."""
        if self.path:
            return await asyncio.open_unix_connection(self.path, limit=LIMIT)
        return await asyncio.open_connection(self.host, self.port, limit=LIMIT)

    async def listen(self, serve: Serve) -> asyncio.Server:
        """Serve there. A socket that a killed door left is taken over; its file is for its owner and group."""
        if not self.path:
            return await asyncio.start_server(serve, self.host, self.port, limit=LIMIT)
        before = os.umask(0o117)
        try:
            return await asyncio.start_unix_server(serve, self.path, limit=LIMIT)
        finally:
            os.umask(before)
