"""Version numbers as they occur in SMS's tags and files: compared as numbers, odd forms understood (contract §9)."""

from __future__ import annotations

import re

_VERSION = re.compile(r"v?(\d+(?:\.\d+){1,3})")


def parse(text: str) -> tuple[int, ...] | None:
    """`v1.18.3`, ` 1.8.6.2\\n`, `1.9` → a tuple of four numbers that sorts right; None for anything else."""
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))


def normal(text: str) -> str:
    """The version without blanks and without the leading `v`; raises ValueError when it is none."""
    if parse(text) is None:
        raise ValueError(f"“{text.strip()}” is not a version number")
    return text.strip().removeprefix("v")


def sort_key(version: str) -> str:
    """Text that sorts like the numbers, for the database."""
    return ".".join(f"{number:06d}" for number in parse(version) or ())
