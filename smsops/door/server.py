"""The door itself: takes visitors, has each request judged, and lets it through or says why not."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
from dataclasses import replace
from typing import Any

import h11

from smsops.door import engine, routes, strict_json, targets
from smsops.door.addresses import Address
from smsops.door.knowledge import Knowledge
from smsops.door.passage import pass_through
from smsops.door.rules import Rules
from smsops.door.verdicts import Answer, Answered, Call, EngineAway, Refused, Takes, Verdict
from smsops.door.wire import Gone, Wire

log = logging.getLogger("smsops.door")
JSON_LIMIT = 1024 * 1024
LOOKS = ("GET", "HEAD")
LINGER_BYTES, LINGER_SECONDS = 4 * 1024 * 1024, 2.0


class Door:
    """Holds the rules, which may be exchanged while it works, and the engine's address."""

    def __init__(self, rules: Rules, address: Address, *, window: bool = False) -> None:
        """A `window` lets its visitors look and do nothing."""
        self.rules, self.address, self.window = rules, address, window

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One visitor, request by request."""
        visitor = Wire(h11.SERVER, reader, writer)
        try:
            while await self._request(visitor):
                visitor.http.start_next_cycle()
        except (Gone, h11.LocalProtocolError):
            pass
        except h11.RemoteProtocolError as error:
            reason = str(error).partition(":")[0]  # behind the colon is what was sent, whatever it is
            log.warning("refused a request that is no plain HTTP/1.1: %s", reason)
            with contextlib.suppress(Gone, h11.LocalProtocolError):
                await _say(visitor, error.error_status_hint, {"message": "smsops's door understands plain HTTP/1.1."})
        finally:
            visitor.close()

    async def _request(self, visitor: Wire) -> bool:
        """Deal with one; whether the connection may serve another."""
        head = await visitor.next()
        if not isinstance(head, h11.Request):
            return False
        named = f"{head.method.decode()} {head.target.decode('ascii', 'replace').partition('?')[0][:200]}"
        try:
            await self._deal(visitor, head, named)
        except Refused as refused:
            log.warning("refused %s: %s", named, refused)
            await _say(visitor, 403, {"message": str(refused)})
        except Answered as answered:
            await _say(visitor, answered.status, _read(answered.body))
        except EngineAway:
            log.error("the engine does not answer: %s", named)
            await _say(visitor, 502, {"message": "The Docker Engine does not answer smsops's door."})
        except (Gone, h11.ProtocolError):
            raise
        except Exception as error:  # what cannot be judged is not let through, and its words may be secret
            log.error("could not judge %s: %s", named, type(error).__name__)
            await _say(visitor, 500, {"message": "smsops's door could not judge this."})
        return await _linger(visitor)

    async def _deal(self, visitor: Wire, head: h11.Request, named: str) -> None:
        call = _call(head)
        route, names = routes.find(call)
        if self.window and call.method not in LOOKS:
            raise Refused(f"{call.method} here, where one may only look")
        call = replace(call, query={key: call.query[key] for key in call.query if key in route.parameters})
        if route.takes is not Takes.STREAM:
            body = await visitor.body(JSON_LIMIT)
            call = replace(call, body=_body(body, route.takes))
        look = functools.partial(engine.look, self.address, call.version)
        verdict: Verdict = await route.judge(call, Knowledge(self.rules, look), *names)
        if isinstance(verdict, Answer):
            return await _say(visitor, 200, verdict.body)
        log.log(logging.DEBUG if call.method in ("GET", "HEAD") else logging.INFO, "let through %s", named)
        return await pass_through(visitor, self.address, call, verdict, route.takes)


def _call(head: h11.Request) -> Call:
    """The head of a request, taken apart; Refused when it could be read in two ways, or wants another protocol."""
    fields = [name for name, _ in head.headers]
    if b"transfer-encoding" in fields and b"content-length" in fields:
        raise Refused("a body of two lengths")
    if b"upgrade" in fields:
        raise Refused("a change of the protocol")
    return Call(head.method.decode(), *targets.split(head.target))


def _body(body: bytes | None, takes: Takes) -> Any:
    if body is None:
        raise Refused(f"a body of more than {JSON_LIMIT} bytes")
    if takes is Takes.JSON:
        return strict_json.loads(body)
    if body:
        raise Refused("a body here")
    return None


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {"message": "The Docker Engine answered with an error."}


async def _say(visitor: Wire, status: int, value: Any) -> None:
    """An answer of the door's own."""
    if visitor.http.our_state is not h11.SEND_RESPONSE and visitor.http.our_state is not h11.IDLE:
        raise Gone
    body = strict_json.dumps(value).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    await visitor.send(h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage())


async def _linger(visitor: Wire) -> bool:
    """Hear out for a while who is still sending, so that the answer is read; whether the connection lives."""
    if visitor.http.our_state is h11.DONE and visitor.http.their_state is h11.SEND_BODY:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await visitor.body(LINGER_BYTES)
    return visitor.http.our_state is h11.DONE and visitor.http.their_state is h11.DONE
