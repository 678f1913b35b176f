"""What lies on a shelf, with its size and age: for those who count it, and who clear away what is past its time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Entry:
    """A file on a shelf: its whole name, its bytes, and when it came there, by the clock there (s since 1970)."""

    name: str
    size: int
    modified: float


@runtime_checkable
class Listing(Protocol):
    """What a shelf can do besides, to be counted and cleared."""

    def below(self, folder: str) -> list[Entry]:
        """Every file in a folder and those in it, in order of their names; a missing folder has none."""

    def release(self, name: str) -> bool:
        """Remove a file unless it is locked; whether it is gone. NotAllowed where the credentials may not."""


def volume(entries: Iterable[Entry]) -> int:
    """Their bytes."""
    return sum(entry.size for entry in entries)
