"""Takes secrets and personal data out of anything that is stored or shown: logs, evidence, errors (features.md K7)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

MASK = "[redacted]"

_SECRET_WORD = r"(?:secret|passw(?:or)?d|pwd|token|api_?key|private_?key|access_?key|credential|authorization|cookie)"  # noqa: S105
_ASSIGNMENT = re.compile(
    # NAME_WITH_SECRET_WORD, an optional quote, `=` or `:`, then the value up to a blank, a quote or a comma.
    # Our own fencing label `smsops.token` is a counter, not a secret.
    rf"(?i)(?<![\w.])(?!smsops\.token)([\w.-]*{_SECRET_WORD}(?:[_-][\w-]+|key|hash)?)([\"']?\s*[=:]\s*)(?:(bearer|basic)\s+)?"
    r"(\"[^\"]*\"|'[^']*'|[^\s\"',;}\]]+)"
)
_URL_PASSWORD = re.compile(r"(?i)([a-z][a-z0-9+.-]*://[^\s:/@]*):([^\s@]+)@")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9+/_=.~-]{8,}")
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` without passwords, tokens, keys, e-mail addresses and the literal values in `secrets`.

    Values shorter than four characters are left: hiding them would hide half of the text.
    """
    for value in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):
        text = text.replace(value, MASK)
    text = _URL_PASSWORD.sub(rf"\1:{MASK}@", text)
    text = _JWT.sub(MASK, text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _ASSIGNMENT.sub(rf"\1\2{MASK}", text)
    return _EMAIL.sub("[email]", text)


def is_secret_name(name: str) -> bool:
    """Tell whether a setting or field of this name holds a secret, by its words."""
    return re.search(_SECRET_WORD, name, re.IGNORECASE) is not None


def redact_data(value: Any, secrets: Iterable[str] = ()) -> Any:
    """Return JSON-like `value` redacted: strings by pattern, values under secret names entirely."""
    known = list(secrets)
    if isinstance(value, dict):
        return {
            key: MASK
            if isinstance(item, str) and item and is_secret_name(str(key)) and key != "smsops.token"
            else redact_data(item, known)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact_data(item, known) for item in value]
    return redact(value, known) if isinstance(value, str) else value


class RedactingFormatter(logging.Formatter):
    """A log formatter whose lines, tracebacks included, carry no secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
