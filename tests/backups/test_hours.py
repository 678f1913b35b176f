"""How often backups are due: by the hours, days and holidays of the school's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from backups.hours import Hours

ATHENS = ZoneInfo("Europe/Athens")
USUAL, QUIET = timedelta(minutes=15), timedelta(hours=2)
HOURS = Hours(ATHENS, USUAL, QUIET, time(8), time(16), holidays=frozenset({date(2026, 10, 28)}))


def athens(day: int, hour: int, minute: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ATHENS)


@pytest.mark.parametrize(
    ("moment", "pace"),
    [
        (athens(5, 8), USUAL),  # Monday, as it opens
        (athens(5, 15, 59), USUAL),
        (athens(5, 16), QUIET),
        (athens(5, 7, 59), QUIET),
        (athens(4, 12), QUIET),  # Sunday
        (athens(28, 12), QUIET),  # a holiday on a Wednesday
        (datetime(2026, 10, 5, 5, 30, tzinfo=UTC), USUAL),  # 8:30 in Athens
    ],
)
def test_the_pace_is_that_of_the_schools_clock(moment: datetime, pace: timedelta) -> None:
    assert HOURS.cadence(moment) == pace


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (athens(5, 9), athens(5, 9, 15)),
        (athens(5, 15, 50), athens(5, 17, 50)),  # the school closed meanwhile
        (athens(5, 18), athens(5, 20)),
        (athens(6, 7, 30), athens(6, 8)),  # as soon as it opens
        (athens(6, 7, 50), athens(6, 8, 5)),
        (athens(9, 15, 59), athens(9, 17, 59)),  # Friday evening
    ],
)
def test_the_next_backup_is_due_when_the_pace_of_that_moment_says_so(last: datetime, due: datetime) -> None:
    assert HOURS.next_due(last) == due


def test_the_night_in_which_the_clock_is_set_back_is_an_hour_longer() -> None:
    slow = Hours(ATHENS, USUAL, timedelta(hours=24), time(8), time(16), days=frozenset(range(7)))
    last = datetime(2026, 10, 24, 13, 5, tzinfo=UTC)  # 16:05 in Athens, just closed
    assert slow.next_due(last) == datetime(2026, 10, 25, 6, 0, tzinfo=UTC)  # 8:00, which is UTC+2 now


def test_one_pace_all_day_needs_no_hours() -> None:
    same = Hours(ATHENS, USUAL, USUAL)
    assert same.next_due(athens(4, 3)) == athens(4, 3, 15)


def test_a_pace_faster_outside_the_hours_is_kept_as_well() -> None:
    night = Hours(ATHENS, QUIET, USUAL, time(8), time(16))
    assert night.next_due(athens(5, 7, 50)) == athens(5, 9, 50)
    assert night.next_due(athens(5, 15)) == athens(5, 16)
