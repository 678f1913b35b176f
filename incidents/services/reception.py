"""Takes what a sender posts: proves who it is, sees that it can be read at all, and stores it. Nothing else (I2).

A sender that gets 2xx forgets what it sent, one that gets 5xx sends it again, and one that gets 4xx sends the same
again and again for as long as the alert fires. So: 2xx once it is stored, whatever it says; 5xx when it could not be
stored; 4xx only for what can never be stored.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import Error

from incidents.intake import alertmanager, generic, signature
from incidents.intake.news import Payload, Unreadable
from incidents.models import SIGNATURE_HEADER, AlertSource, Delivery, SourceKind
from incidents.services import heartbeats, sources

log = logging.getLogger(__name__)

PIECE, PATIENCE = 1 << 16, 10  # a body that is too long is heard out, up to so many times the limit
Read = Callable[[int], bytes]


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


STORED = Answer(202, "Stored.")
HEARD = Answer(200, "Heard.")
UNKNOWN = Answer(401, "This token may not send here.")
UNSIGNED = Answer(401, "The signature is missing, wrong or too old.")
AWAY = Answer(503, "It could not be stored; send it again.")


def receive(kind: str, token: str, headers: Mapping[str, str], read: Read) -> Answer:
    """Take one request. `headers` by lower-case names; `read(n)` gives up to n bytes of the body, none at its end. The
    token is in the address, or else a bearer token, which senders can keep in a file."""
    try:
        source = sources.find(kind, token or _bearer(headers))
        if source is None:
            return UNKNOWN
        answer = _take(source, headers, read)
    except Error as error:
        log.warning("an alert could not be stored, and is sent again: %s", error)
        return AWAY
    if answer.status >= 400:
        sources.refused(source, answer.text)
    return answer


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _take(source: AlertSource, headers: Mapping[str, str], read: Read) -> Answer:
    most = settings.SMSOPS_ALERT_BYTES
    body = read(most + 1)
    if len(body) > most:
        _hear_out(read, most * PATIENCE)
        return Answer(413, f"A body has at most {most} bytes.")
    if source.secret and not _signed(source, headers, body):
        return UNSIGNED
    if source.kind == SourceKind.HEARTBEAT:
        heartbeats.hear(source)
        return HEARD
    try:
        payload(source, body)
    except Unreadable as error:
        return Answer(400, str(error))
    Delivery.objects.create(source=source, body=zlib.compress(body, 1), size=len(body))
    return STORED


def _hear_out(read: Read, most: int) -> None:
    """Read on and forget it: who is cut off while speaking does not hear the answer, and would try for ever."""
    while most > 0 and (piece := read(PIECE)):
        most -= len(piece)


def payload(source: AlertSource, body: bytes) -> Payload:
    """What a body says; Unreadable when it can never be understood."""
    if source.kind == SourceKind.GENERIC:
        return generic.read(body, source.fields_map)
    return alertmanager.read(body)


def _signed(source: AlertSource, headers: Mapping[str, str], body: bytes) -> bool:
    given = headers.get((source.signature_header or SIGNATURE_HEADER).lower(), "")
    stamp = headers.get(source.timestamp_header.lower(), "") if source.timestamp_header else ""
    if source.timestamp_header and not stamp:
        return False
    return signature.genuine(source.secret, body, given, stamp, time.time())
