"""Stretches of time: cut to a window, joined where they overlap, summed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Span(NamedTuple):
    """From one moment to another; its end is not before its beginning."""

    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


def clip(spans: Iterable[Span], window: Span) -> list[Span]:
    """What of them lies within the window."""
    cut = [Span(max(each.begin, window.begin), min(each.end, window.end)) for each in spans]
    return [each for each in cut if each.end > each.begin]


def union(spans: Iterable[Span]) -> list[Span]:
    """Joined where they overlap or touch, in order, so that no moment is counted twice."""
    joined: list[Span] = []
    for each in sorted(spans):
        if joined and each.begin <= joined[-1].end:
            joined[-1] = Span(joined[-1].begin, max(joined[-1].end, each.end))
        else:
            joined.append(each)
    return joined


def total(spans: Iterable[Span]) -> float:
    """Seconds of all of them together."""
    return sum(each.seconds for each in spans)
