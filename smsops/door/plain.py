"""The kinds of values a rule accepts. Each returns the value, or is Refused with the name of what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from smsops.door.verdicts import Refused

Kind = Callable[[str, Any], Any]


def nothing(value: Any) -> bool:
    """Whether it says nothing: null, false, zero, or empty. Such keys are left out, so the engine's default holds."""
    if isinstance(value, list):
        return all(nothing(each) for each in value)
    return value in (None, False, 0, "", {})


def only(value: Any, kinds: Mapping[str, Kind], where: str) -> dict[str, Any]:
    """The object with the keys of `kinds`, each judged; any other key must say nothing, and is left out."""
    found = mapping(where, value)
    for key, item in found.items():
        if key not in kinds and not nothing(item):
            raise Refused(f"{key[:60]} in {where}")
    return {key: kind(key, found[key]) for key, kind in kinds.items() if found.get(key) is not None}


def mapping(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(f"a {key} that is not an object")
    return value


def text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refused(f"a {key} that is not text")
    return value


def texts(key: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise Refused(f"a {key} that is not a list of text")
    return [text(key, each) for each in value]


def flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused(f"a {key} that is neither true nor false")
    return value


def whole(key: str, value: Any) -> int:
    """A whole number, none below zero: to the engine that often means “without a limit”."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Refused(f"a {key} that is not a whole number")
    return value


def off(key: str, value: Any) -> bool:
    if value is not False:
        raise Refused(key)
    return False


def truth(value: str) -> bool:
    """A parameter as the engine reads it."""
    return value.strip().lower() not in ("", "0", "no", "false", "none")
