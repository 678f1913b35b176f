"""Times in which SMS was not good, as the rooms above know them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Disturbance:
    """SMS was not good from `began` to `ended`; None: it is not yet good again."""

    environment_id: int
    began: datetime
    ended: datetime | None


Source = Callable[[datetime], list[Disturbance]]
_SOURCES: list[Source] = []


def add_source(source: Source) -> None:
    """Let another room say which disturbances began since a moment."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def since(moment: datetime) -> list[Disturbance]:
    """All that are known, oldest first."""
    return sorted((each for source in _SOURCES for each in source(moment)), key=lambda each: each.began)
