"""Redacts lines of a log without changing how many there are."""

from __future__ import annotations

import re

from smsops.redact import MASK, redact
from smsops.runtimes.base import LogLine

_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY-----")


def redact_lines(lines: list[LogLine], secrets: list[str]) -> list[LogLine]:
    """The same lines without secrets and addresses; private keys that span several of them as well."""
    texts = _without_keys([line.text for line in lines])
    cleaned = redact("\n".join(texts), secrets).split("\n")
    if len(cleaned) != len(texts):  # something in quotes went on over lines
        cleaned = [redact(text, secrets) for text in texts]
    return [LogLine(line.at, text) for line, text in zip(lines, cleaned, strict=True)]


def _without_keys(texts: list[str]) -> list[str]:
    found, inside = [], False
    for text in texts:
        inside = inside or _BEGIN.search(text) is not None
        found.append(MASK if inside else text.replace("\r", " ").replace("\n", " "))
        inside = inside and _END.search(text) is None
    return found
