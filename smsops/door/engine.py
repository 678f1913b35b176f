"""The Docker Engine behind the door: a connection for each request, which ends with it."""

from __future__ import annotations

import json
from typing import Any

import h11

from smsops.door.addresses import Address
from smsops.door.targets import joined
from smsops.door.verdicts import Answered, EngineAway
from smsops.door.wire import Gone, Wire

LOOK_LIMIT = 32 * 1024 * 1024


async def ask(address: Address, method: str, target: str, headers: list[tuple[str, str]]) -> Wire:
    """Send the head of a request; the body is for the caller to send."""
    try:
        wire = Wire(h11.CLIENT, *await address.connect())
    except OSError as error:
        raise EngineAway from error
    fixed = [("Host", "docker"), ("Connection", "close")]
    try:
        await wire.send(h11.Request(method=method, target=target, headers=[*fixed, *headers]))
    except Gone:
        wire.close()
        raise EngineAway from None
    return wire


async def response(wire: Wire) -> h11.Response:
    """The head of the engine's answer."""
    try:
        while not isinstance(event := await wire.next(), h11.Response):
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                raise EngineAway
    except (Gone, h11.RemoteProtocolError):
        raise EngineAway from None
    return event


async def look(address: Address, version: str, path: str) -> Any:
    """What the engine says of a thing; Answered when it is an error."""
    wire = await ask(address, "GET", joined(version, path, {}), [])
    try:
        await wire.send(h11.EndOfMessage())
        head = await response(wire)
        body = await wire.body(LOOK_LIMIT) or b""
    except (Gone, h11.RemoteProtocolError):
        raise EngineAway from None
    finally:
        wire.close()
    if head.status_code != 200:
        raise Answered(head.status_code, body)
    return json.loads(body)
