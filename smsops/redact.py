"""Takes secrets and personal data out of anything that is stored or shown: logs, evidence, errors (features.md K7).

In doubt it takes out too much. Every pattern begins at the start of a word and has bounded parts, so that a long line
costs no more than its length.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

MASK = "[redacted]"

_WORD = (
    r"(?:secret|passw(?:or)?d|passphrase|pwd|token|credentials?|authorization|cookie"
    r"|(?:api|private|access|field|encryption|master|signing)[_-]?key)"
)
_NAME = (
    # Our own fencing label is a counter, not a secret; a plural in prose (“Secrets: …”) is no name.
    rf"(?<![\w.-])(?!smsops\.token)(?:[\w.-]{{0,60}}?{_WORD}(?:[_-][\w-]{{1,40}}|key|hash)?|[\w.-]{{0,60}}?[_-]pass)"
    r"(?![\w-])"
)
_LINE = re.compile(rf"(?im)^([ \t]*(?:export[ \t]+)?{_NAME}[ \t]*=[ \t]*)(\S.*)$")  # an env file: to the line's end
_HEADER = re.compile(r"(?im)(?<![\w-])((?:set-)?cookie|authorization)([ \t]*:[ \t]*)(\S.*)$")
_VALUE = r"""(\[redacted\]|\\+".*?\\+"|"(?:[^"\\]|\\.)*"|'[^']*'|\S+)"""  # masked, escaped JSON, JSON, quoted, a word
_PAIR = re.compile(rf"(?i)({_NAME}(?:\\*[\"'])?\s{{0,4}}[=:]\s{{0,4}}){_VALUE}")
_URL_PASSWORD = re.compile(r"(?i)(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}://[^\s:/@]{0,200}):([^\s/]+)@")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9+/_=.~-]{8,}")
_API_TOKEN = re.compile(r"(?<![\w-])(smsops_[a-z0-9]{8})_[\w-]{20,}|(?<![\w-])whsec_[\w+/=-]{20,}")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{5,4000}\.[\w-]{5,}\.[\w-]*")
_PEM = re.compile(
    r"(?s)-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?!-----BEGIN).){0,20000}?-----END [A-Z ]{0,30}PRIVATE KEY-----"
)
_SUSPECT = re.compile(
    r"(?i)[=:@]|%40|eyJ|-----BEGIN|bearer|basic|smsops_|whsec_"
)  # without any of these no other pattern fits
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` without passwords, tokens, keys, e-mail addresses and the literal values in `secrets`, and without
    what a database does not take.

    Values shorter than four characters are left: hiding them would hide half of the text. Redacting what is redacted
    already changes nothing.
    """
    text = _storable(text)
    for value in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):
        text = text.replace(value, MASK)
    if _SUSPECT.search(text) is None:
        return text
    text = _PEM.sub(MASK, text)
    text = _URL_PASSWORD.sub(rf"\1:{MASK}@", text)
    text = _JWT.sub(MASK, text)
    text = _API_TOKEN.sub(lambda found: f"{found[1]}_{MASK}" if found[1] else MASK, text)
    text = _LINE.sub(rf"\1{MASK}", text)
    text = _HEADER.sub(rf"\1\2{MASK}", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _PAIR.sub(rf"\1{MASK}", text)
    return _EMAIL.sub("[email]", text)


def _storable(text: str) -> str:
    """A program's output may well hold NULs, which PostgreSQL refuses, and JSON half a surrogate pair, which is no
    text at all."""
    text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def is_secret_name(name: str) -> bool:
    """Tell whether a setting or field of this name holds a secret, by its words."""
    return re.search(rf"(?i){_WORD}|[_-]pass$", name) is not None


def redact_data(value: Any, secrets: Iterable[str] = ()) -> Any:
    """Return JSON-like `value` redacted: strings by pattern, everything under a secret name entirely.

    Numbers and truth values under such a name stay: they are counts and switches (`"refresh_tokens": 12`).
    """
    known = list(secrets)
    if isinstance(value, dict):
        return {_name(key): _under(str(key), item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_data(item, known) for item in value]
    return redact(value, known) if isinstance(value, str) else value


def _name(key: Any) -> Any:
    return _storable(key) if isinstance(key, str) else key


def _under(name: str, item: Any, known: list[str]) -> Any:
    if item and isinstance(item, str | list | tuple | dict) and is_secret_name(name) and name != "smsops.token":
        return MASK
    return redact_data(item, known)


class RedactingFormatter(logging.Formatter):
    """A log formatter whose lines, tracebacks included, carry no secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
