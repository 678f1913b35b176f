"""The way of one allowed request to the engine and of its answer back, both streaming at once."""

from __future__ import annotations

import asyncio

import h11

from smsops.door import engine, strict_json
from smsops.door.addresses import Address
from smsops.door.targets import joined
from smsops.door.verdicts import Call, Forward, Takes
from smsops.door.wire import Gone, Wire

BACK = {b"content-type", b"content-length", b"api-version", b"ostype", b"server", b"builder-version"}


async def pass_through(visitor: Wire, address: Address, call: Call, forward: Forward, takes: Takes) -> None:
    """Ask the engine and hand its answer on. EngineAway while nothing was answered yet, Gone afterwards."""
    body = strict_json.dumps(forward.body).encode() if forward.body is not None else b""
    wire = await engine.ask(
        address, call.method, joined(call.version, forward.path, forward.query), _framing(takes, body)
    )
    try:
        up = asyncio.create_task(_up(visitor, wire, body, takes))
        down = asyncio.create_task(_down(visitor, wire))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if up.done() and up.exception() is not None:  # nobody is there to hear an answer
                raise Gone
            await down
        finally:
            await _end(up, down)
    finally:
        wire.close()


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _framing(takes: Takes, body: bytes) -> list[tuple[str, str]]:
    if takes is Takes.STREAM:
        return [("Content-Type", "application/x-tar"), ("Transfer-Encoding", "chunked")]
    if takes is Takes.JSON:
        return [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return [("Content-Length", "0")]


async def _up(visitor: Wire, wire: Wire, body: bytes, takes: Takes) -> None:
    """Send the body on, then see whether the visitor stays. Gone when it left."""
    if takes is Takes.STREAM:
        while isinstance(event := await visitor.next(), h11.Data):
            await _on(wire, h11.Data(data=event.data))
    elif body:
        await _on(wire, h11.Data(data=body))
    await _on(wire, h11.EndOfMessage())
    await visitor.until_gone()


async def _on(wire: Wire, event: h11.Event) -> None:
    """To the engine; where it has heard enough, its answer says why."""
    try:
        await wire.send(event)
    except Gone:
        await asyncio.Event().wait()  # until the answer ends this


async def _down(visitor: Wire, wire: Wire) -> None:
    head = await engine.response(wire)
    headers = [(name, value) for name, value in head.headers if name in BACK]
    await visitor.send(h11.Response(status_code=head.status_code, headers=headers))
    try:
        while isinstance(event := await wire.next(), h11.Data):
            await visitor.send(h11.Data(data=event.data))
    except h11.RemoteProtocolError:
        raise Gone from None
    await visitor.send(h11.EndOfMessage())
