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


Source = Callable[[datetime, int], list[Disturbance]]
_SOURCES: list[Source] = []


def add_source(source: Source) -> None:
    """Let another room say which disturbances of an environment, by its id, began since a moment."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def since(moment: datetime, environment_id: int) -> list[Disturbance]:
    """All that are known of it, oldest first."""
    found = (each for source in _SOURCES for each in source(moment, environment_id))
    return sorted(found, key=lambda each: each.began)
