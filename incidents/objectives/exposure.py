"""How much would have been lost at a random moment: the age of the newest backup, all the time (runbook §6.3)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.objectives.spans import Span


@dataclass(frozen=True)
class Exposure:
    """Seconds: half of the time it was at most `half`, nine tenths at most `most`, never more than `longest`. `beyond`:
    for how long it was more than the objective."""

    mean: float
    half: float
    most: float
    longest: float
    beyond: float
    count: int


def of(moments: Sequence[datetime], window: Span, target: float) -> Exposure | None:
    """The exposure within the window, as these backups, in order, bound it. Time before the first one is left out:
    nobody knows what was there. None where there is none."""
    first, last = bisect_left(moments, window.begin), bisect_left(moments, window.end)
    ages = _ages(moments[max(0, first - 1) : last], window)
    total = sum(end - begin for begin, end in ages)
    if not ages or total <= 0:
        return None
    mean = sum((end - begin) * (end + begin) / 2 for begin, end in ages) / total
    beyond = _beyond(ages, target)
    half, most = _at(ages, total, 0.5), _at(ages, total, 0.9)
    return Exposure(mean, half, most, max(end for _, end in ages), beyond, last - first)


def _ages(moments: Sequence[datetime], window: Span) -> list[tuple[float, float]]:
    """The age of the newest backup grows from one value to another, again and again: these pairs."""
    found: list[tuple[float, float]] = []
    if not moments:
        return found
    for at, until in zip(moments, [*moments[1:], window.end], strict=True):
        begin, end = max(at, window.begin), min(until, window.end)
        if end > begin:
            found.append(((begin - at).total_seconds(), (end - at).total_seconds()))
    return found


def _beyond(ages: Sequence[tuple[float, float]], limit: float) -> float:
    """For how long the age was more than that."""
    return sum(max(0.0, end - max(begin, limit)) for begin, end in ages)


def _at(ages: Sequence[tuple[float, float]], total: float, share: float) -> float:
    """The age that was not exceeded for so large a share of the time, to within a second."""
    low, high = 0.0, max(end for _, end in ages)
    alike = Counter((round(begin), round(end)) for begin, end in ages)  # backups come so regularly that few differ
    while high - low > 0.5:
        middle = (low + high) / 2
        beyond = sum(times * max(0.0, end - max(begin, middle)) for (begin, end), times in alike.items())
        if beyond > total * (1 - share):
            low = middle
        else:
            high = middle
    return high
