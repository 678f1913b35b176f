"""How much would have been lost at a random moment: the age of the newest backup, all the time (runbook §6.3)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import sub

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


def of(moments: Sequence[float], window: Span, target: float) -> Exposure | None:
    """The exposure within the window, as these backups (seconds since 1970, in order) bound it. Time before the first
    one is left out: nobody knows what was there. None where there is none.

    The age of the newest backup grows from nothing to the length of each gap, again and again. Only in the first gap it
    had an age already when the window began: what is beyond any limit is counted of all gaps, less that of this age.
    """
    begin, end = window.begin.timestamp(), window.end.timestamp()
    first, last = bisect_left(moments, begin), bisect_left(moments, end)
    marks = [*moments[max(0, first - 1) : last], end]
    before = max(0.0, begin - marks[0])
    # Backups come so regularly that few gaps differ, where whole seconds were written down: 35,000 a year.
    gaps = Counter(map(sub, marks[1:], marks))
    total = sum(gap * times for gap, times in gaps.items()) - before
    if not gaps or total <= 0:
        return None
    longest, mean = max(gaps), (sum(gap * gap * times for gap, times in gaps.items()) - before * before) / 2 / total
    gaps[before] -= 1
    half, most = (_at(gaps, longest, total * (1 - share)) for share in (0.5, 0.9))
    return Exposure(mean, half, most, longest, _beyond(gaps, target), last - first)


def _beyond(gaps: Mapping[float, int], age: float) -> float:
    """For how long the age was more than that."""
    return sum(times * (gap - age) for gap, times in gaps.items() if gap > age)


def _at(gaps: Mapping[float, int], longest: float, time: float) -> float:
    """The age that was exceeded for no longer than that, to within a second."""
    low, high = 0.0, longest
    while high - low > 0.5:
        middle = (low + high) / 2
        if _beyond(gaps, middle) > time:
            low = middle
        else:
            high = middle
    return high
