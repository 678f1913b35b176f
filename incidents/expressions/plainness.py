"""Whether looking for an expression takes a time that grows with the text alone: such a one needs nobody to end it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any

WAYS = 40  # through an expression, that are tried at each place of a text
SINGLE = {"LITERAL", "NOT_LITERAL", "ANY", "IN", "AT"}  # one character, or none: one way


@lru_cache(maxsize=1024)
def plain(expression: str) -> bool:
    """Whether nothing in it repeats, looks around or refers back, and its alternatives are few."""
    try:
        re.compile(expression)
        return _ways(import_module("re._parser").parse(expression)) <= WAYS
    except (ImportError, re.error, OverflowError, RecursionError):
        return False


def _ways(sequence: Iterable[Any]) -> float:
    ways = 1.0
    for code, value in sequence:
        if code.name == "BRANCH":
            ways *= sum(_ways(each) for each in value[1])
        elif code.name == "SUBPATTERN":
            ways *= _ways(value[-1])
        elif code.name == "MAX_REPEAT" and value[:2] == (0, 1):
            ways *= 1 + _ways(value[2])
        elif code.name not in SINGLE:
            return math.inf
    return ways
