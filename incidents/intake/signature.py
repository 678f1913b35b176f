"""Proves that a body comes from who knows the secret: HMAC-SHA-256 over its raw bytes, as Grafana signs."""

from __future__ import annotations

import hashlib
import hmac

FRESH_SECONDS = 300.0  # a signed body older than that may be one that somebody recorded


def sign(secret: str, body: bytes, timestamp: str = "") -> str:
    """The signature in hexadecimal digits; where a time is sent along, over “time:body”."""
    signed = f"{timestamp}:".encode() + body if timestamp else body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def genuine(secret: str, body: bytes, given: str, timestamp: str, now: float) -> bool:
    """Whether the signature is right, compared in constant time, and the time, where there is one, is about now."""
    wanted = sign(secret, body, timestamp)
    right = hmac.compare_digest(wanted.encode(), given.strip().lower().removeprefix("sha256=").encode())
    return right and (not timestamp or _fresh(timestamp, now))


def _fresh(timestamp: str, now: float) -> bool:
    try:
        return abs(now - float(timestamp)) <= FRESH_SECONDS
    except ValueError:
        return False
