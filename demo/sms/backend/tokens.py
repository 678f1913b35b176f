"""Signed tokens (JWT, HS256). Whoever changes SECRET_KEY ends every session."""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from backend.config import settings

ALGORITHM = "HS256"
log = logging.getLogger("sms.auth")


def access_token(email: str) -> str:
    """A token for the Authorization header."""
    return _sign(email, "access", timedelta(minutes=settings.token_minutes), secrets.token_hex(8))


def refresh_token(email: str, jti: str) -> str:
    """A token for the cookie; `jti` is its row in `refresh_tokens`."""
    return _sign(email, "refresh", timedelta(days=settings.refresh_days), jti)


def claims(token: str, kind: str) -> dict[str, Any] | None:
    """What the token says, or None when it is not ours, expired, or of the other kind."""
    try:
        content: dict[str, Any] = jwt.decode(token, settings.secret_key, algorithms=[ALGORITHM])
    except jwt.PyJWTError as error:
        log.warning("Token refused: %s", error)
        return None
    return content if content.get("type") == kind else None


def _sign(email: str, kind: str, life: timedelta, jti: str) -> str:
    now = datetime.now(UTC)
    content = {"sub": email, "type": kind, "jti": jti, "iat": now, "exp": now + life}
    return jwt.encode(content, settings.secret_key, algorithm=ALGORITHM)
