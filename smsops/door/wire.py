"""One connection that speaks HTTP/1.1: h11 over asyncio's streams."""

from __future__ import annotations

import asyncio

import h11

HEAD_LIMIT = 64 * 1024
PIECE = 256 * 1024


class Gone(Exception):
    """The other side closed the connection, or broke off in the middle."""


class Wire:
    """Reads and writes whole HTTP events. The framing is h11's: what is sent is never what was received."""

    def __init__(
        self, role: type[h11.CLIENT] | type[h11.SERVER], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader, self.writer = reader, writer
        self.http = h11.Connection(role, max_incomplete_event_size=HEAD_LIMIT)

    async def next(self) -> h11.Event | type[h11.PAUSED]:
        """The next event; Gone when the other side is."""
        while (event := self.http.next_event()) is h11.NEED_DATA:
            if self.http.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self.http.receive_data(await self._more())
        if isinstance(event, h11.ConnectionClosed):
            raise Gone
        return event  # type: ignore[return-value]

    async def _more(self) -> bytes:
        try:
            return await self.reader.read(PIECE)
        except OSError as error:
            raise Gone from error

    async def body(self, limit: int) -> bytes | None:
        """The rest of the message; None when it is longer than `limit` bytes."""
        whole = bytearray()
        while not isinstance(event := await self.next(), h11.EndOfMessage):
            whole += event.data if isinstance(event, h11.Data) else b""
            if len(whole) > limit:
                return None
        return bytes(whole)

    async def send(self, *events: h11.Event) -> None:
        """Write events, as fast as the other side takes them; Gone when it does not any more."""
        try:
            for event in events:
                self.writer.write(self.http.send(event) or b"")
            await self.writer.drain()
        except OSError as error:
            raise Gone from error

    async def until_gone(self) -> None:
        """Return when the other side says more than it was asked for; Gone when it hangs up."""
        data = await self._more()
        if not data:
            raise Gone
        self.http.receive_data(data)

    def close(self) -> None:
        """Hang up."""
        self.writer.close()
