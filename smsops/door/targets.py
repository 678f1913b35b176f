"""Takes a request's target apart; what could be read in two ways is refused, and the engine gets it written anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

from smsops.door.verdicts import Refused

OLDEST, NEWEST = 41, 54  # of the engine's API 1.x; before 1.24 a start could still carry what only a create may
UNVERSIONED = ("/_ping", "/version")
_PATH = re.compile(r"(?:/[A-Za-z0-9_.:@+-]+)+")
_VERSION = re.compile(r"/v1\.(\d{1,3})(/.*)")
_PARAMETER = re.compile(r"[^\x00-\x1f\x7f]{0,16384}")


def split(target: bytes) -> tuple[str, str, dict[str, str]]:
    """The API version as a prefix, the plain path, and the parameters."""
    raw, _, query = target.partition(b"?")
    path = _plain(raw)
    versioned = _VERSION.fullmatch(path)
    if versioned is None:
        if path not in UNVERSIONED:
            raise Refused("a request that names no version of the API")
        return "", path, _parameters(query)
    if not OLDEST <= int(versioned[1]) <= NEWEST:
        raise Refused(f"version 1.{versioned[1]} of the API")
    return f"/v1.{int(versioned[1])}", versioned[2], _parameters(query)


def joined(version: str, path: str, query: Mapping[str, str]) -> str:
    """A target the engine reads as it was judged."""
    parameters = f"?{urlencode(query)}" if query else ""
    return f"{version}{quote(path, safe='/:')}{parameters}"


def _plain(raw: bytes) -> str:
    path = unquote_to_bytes(raw).decode("ascii", "replace")
    if re.search(rb"(?i)%2[ef]", raw) or not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise Refused("a path that is not written plainly")
    return path


def _parameters(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw), errors="strict")
    except ValueError:
        raise Refused("parameters that cannot be read") from None
    found = dict(pairs)
    if len({key.casefold() for key in found}) != len(pairs):
        raise Refused("a parameter twice")
    if ";" in raw.decode("ascii") or not all(_PARAMETER.fullmatch(value) for value in found.values()):
        raise Refused("a parameter that is not written plainly")
    return found
