"""Signatures as Standard Webhooks has them (https://www.standardwebhooks.com, specification 1.0, symmetric)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    """A secret, as receivers' libraries take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def headers(secret: str, message: str, seconds: int, body: bytes) -> dict[str, str]:
    """The three headers of one attempt; `seconds` since 1970 are those of the attempt, so that old ones are refused."""
    signed = b".".join((message.encode(), str(seconds).encode(), body))
    mark = base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()
    return {"webhook-id": message, "webhook-timestamp": str(seconds), "webhook-signature": f"v1,{mark}"}


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()
