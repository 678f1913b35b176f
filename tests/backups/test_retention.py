"""What stays and what goes: never what somebody could miss."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from backups.retention import Point, Rules, judge

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULES = Rules(7, 30, 12, 24, UTC)


def points(*ages: timedelta, **fields: object) -> list[Point]:
    return [Point(f"b{number}", NOW - age, **fields) for number, age in enumerate(ages)]  # type: ignore[arg-type]


def every(minutes: int, days: int) -> list[Point]:
    return points(*[timedelta(minutes=minutes * number) for number in range(days * 1440 // minutes)])


def staying(found: list[Point], now: datetime = NOW, rules: Rules = RULES) -> list[Point]:
    return [verdict.point for verdict in judge(found, now, rules) if verdict.stays]


def test_a_week_of_fifteen_minutes_stays_whole() -> None:
    found = every(15, 7)
    assert len(found) == 672
    assert staying(found) == found


def test_before_that_one_of_each_day_stays_the_last() -> None:
    old = [point for point in staying(every(15, 20)) if point.taken_at < NOW - timedelta(days=7)]
    assert [point.taken_at.date() for point in old] == [date(2026, 11, day) for day in range(15, 2, -1)]
    assert all((point.taken_at.hour, point.taken_at.minute) == (23, 45) for point in old)


def test_after_two_years_days_weeks_and_months_are_left() -> None:
    old = [point for point in staying(every(60, 900)) if point.taken_at < NOW - timedelta(days=7)]
    assert 23 + 8 + 20 <= len(old) <= 23 + 10 + 25
    assert min(point.taken_at for point in old) > NOW - timedelta(days=31 * 25)


def test_a_day_ends_where_the_school_is() -> None:
    zone = ZoneInfo("Europe/Athens")
    late = Point("late", datetime(2026, 11, 1, 21, 30, tzinfo=UTC))  # 23:30 in Athens: still the first
    next_day = Point("next", datetime(2026, 11, 1, 22, 30, tzinfo=UTC))
    fresh = Point("fresh", NOW)
    rules = Rules(7, 30, 0, 0, zone)
    assert staying([late, next_day, fresh], rules=rules) == [fresh, next_day, late]
    assert staying([late, next_day, fresh], rules=Rules(7, 30, 0, 0, UTC)) == [fresh, next_day]


def test_what_is_pinned_or_needed_stays_for_ever_and_says_so() -> None:
    found = [
        Point("fresh", NOW),
        Point("pinned", NOW - timedelta(days=5000), pinned=True),
        Point("needed", NOW - timedelta(days=5000), needed="incident 3 is not over"),
        Point("other", NOW - timedelta(days=5000)),
    ]
    said = {verdict.point.identifier: verdict.why for verdict in judge(found, NOW, RULES)}
    assert (said["pinned"], said["needed"], said["other"]) == ("pinned", "incident 3 is not over", "")


def test_the_newest_good_one_stays_when_all_after_it_are_damaged() -> None:
    bad = [Point(f"bad{number}", NOW - timedelta(minutes=number), good=False) for number in range(5)]
    good = Point("good", NOW - timedelta(minutes=30))
    assert good in staying([*bad, good], rules=Rules(1, 0, 0, 0, UTC))


@pytest.mark.parametrize("silence", [timedelta(hours=2), timedelta(days=40), timedelta(days=4000)])
def test_nothing_goes_while_backups_have_stopped(silence: timedelta) -> None:
    found = every(60, 30)
    assert staying(found, NOW + silence) == found


def test_nothing_goes_when_none_is_good() -> None:
    found = points(*[timedelta(days=number) for number in range(100)], good=False)
    assert len(staying(found)) == 100


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1), timedelta(days=400)])
def test_a_clock_that_was_set_back_lets_nothing_more_go(back: timedelta) -> None:
    found = every(60, 60)
    assert set(staying(found)) <= set(staying(found, NOW - back))


def test_what_went_once_never_becomes_needed_as_time_goes_on() -> None:
    """Five years, a tidying every few days: each of the last days, weeks and months always has its backup."""
    random, kept, now = Random(5), list[Point](), datetime(2021, 1, 1, tzinfo=UTC)
    while now < datetime(2026, 1, 1, tzinfo=UTC):
        for _ in range(random.randrange(1, 6)):
            kept += [Point(f"{now:%Y%m%d}-{hour}", now.replace(hour=hour)) for hour in (3, 11, 19)]
            now += timedelta(days=1)
        kept = staying(kept, now - timedelta(hours=4, minutes=30), Rules(7, 30, 12, 24, UTC, timedelta(hours=2)))
        days = {point.taken_at.date() for point in kept}
        since = max(now - timedelta(days=29), datetime(2021, 1, 1, tzinfo=UTC))
        assert all((since + timedelta(days=n)).date() in days for n in range((now - since).days))
    months = {(point.taken_at.year, point.taken_at.month) for point in kept}
    assert len(months) >= 24


def test_keeping_nothing_but_days_keeps_nothing_else() -> None:
    assert len(staying(every(60, 60), rules=Rules(2, 0, 0, 0, UTC))) == 48
