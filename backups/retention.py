"""Which backups stay and why: a pure function of what there is, the time and the policy (B7).

In doubt a backup stays. Nothing goes while backups have stopped, nothing that is pinned or that somebody needs, and
never the newest one that is good.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from smsops.text import count_text


@dataclass(frozen=True)
class Rules:
    """How long what is kept, in days, days, weeks and months; `zone` is where a day begins and ends."""

    keep_days: int
    keep_daily: int
    keep_weekly: int
    keep_monthly: int
    zone: tzinfo
    stale_after: timedelta = timedelta(hours=1)  # a newest good backup older than this: backups have stopped


@dataclass(frozen=True)
class Point:
    """One backup. `needed` says by whom, where somebody needs it."""

    identifier: str
    taken_at: datetime
    good: bool = True
    pinned: bool = False
    needed: str = ""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a backup, and why it stays; `why` is empty for one that goes."""

    point: Point
    why: str = ""

    @property
    def stays(self) -> bool:
        return bool(self.why)


@dataclass
class _Reasons:
    """The first reason found for each backup."""

    found: dict[str, str] = field(default_factory=dict)

    def add(self, point: Point, why: str) -> None:
        self.found.setdefault(point.identifier, why)


def judge(points: Sequence[Point], now: datetime, rules: Rules) -> list[Verdict]:
    """The verdict on every backup, newest first."""
    newest_first = sorted(points, key=lambda point: (point.taken_at, point.identifier), reverse=True)
    reasons = _Reasons()
    for point in newest_first:
        if point.pinned:
            reasons.add(point, "pinned")
        elif point.needed:
            reasons.add(point, point.needed)
        elif point.taken_at > now - timedelta(days=rules.keep_days):
            reasons.add(point, f"of the last {count_text(rules.keep_days, 'day')}")
    good = [point for point in newest_first if point.good]
    if good:
        reasons.add(good[0], "the newest good one")
    if not good or now - good[0].taken_at > rules.stale_after:
        for point in newest_first:
            reasons.add(point, "backups have stopped; nothing goes until there is a new one")
    _keep_periods(good, now, rules, reasons)
    return [Verdict(point, reasons.found.get(point.identifier, "")) for point in newest_first]


def _keep_periods(good: Sequence[Point], now: datetime, rules: Rules, reasons: _Reasons) -> None:
    """The last good one of each day, week and month, as far back as the rules go."""
    spans = (
        ("of its day", rules.keep_daily, timedelta(days=rules.keep_daily), lambda at: at.date()),
        ("of its week", rules.keep_weekly, timedelta(weeks=rules.keep_weekly), lambda at: at.isocalendar()[:2]),
        ("of its month", rules.keep_monthly, timedelta(days=31 * rules.keep_monthly), lambda at: (at.year, at.month)),
    )
    for which, count, span, period in spans:
        last: Mapping[Hashable, Point] = {
            period(point.taken_at.astimezone(rules.zone)): point
            for point in reversed(good)
            if count and point.taken_at > now - span
        }
        for point in last.values():
            reasons.add(point, f"the last one {which}")
