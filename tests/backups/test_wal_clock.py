"""When a commit was made is known to lie within what is said of it: whatever took long, was stopped, or set back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backups.wal.clock import Clock
from backups.wal.frames import Written
from backups.wal.position import Standing
from smsops.errors import OpsError
from tests.backups.test_wal_replay import MINUTE, Time, each_second
from tests.backups.test_wal_replay import time as time
from tests.backups.wals import Desk, acting, digest_of

DAY = timedelta(days=1)


def refuse(*_: object) -> list[Written]:
    raise OpsError("The disk is full.")


def test_commits_that_could_not_be_kept_for_minutes_are_not_said_to_be_of_the_last_second(
    desk: Desk, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting(desk.database) as actor:
        seen = each_second(desk, time, actor)
        before = time.now
        with monkeypatch.context() as patch:
            patch.setattr(desk.follower.keeper, "ship", refuse)
            for _ in range(5):
                actor.work(1)
                time.pass_by(60)
                with pytest.raises(OpsError, match="full"):
                    desk.follower.poll()
        time.pass_by(1)
        assert desk.follower.poll() == 5
    with pytest.raises(OpsError, match="The log has a gap"):
        desk.replayed(before + 2 * MINUTE)
    assert digest_of(desk.replayed(before)[0]) == seen[before]


def test_what_was_committed_while_a_look_was_stopped_is_of_an_unknown_time(
    desk: Desk, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
        before = time.now
        reach = desk.follower.pins.reach

        def stopped() -> Standing:
            standing = reach()
            actor.work(1)
            time.pass_by(60)
            return standing

        with monkeypatch.context() as patch:
            patch.setattr(desk.follower.pins, "reach", stopped)
            desk.follower.poll()
        time.pass_by(1)
        assert desk.follower.poll() == 1
    with pytest.raises(OpsError, match="The log has a gap"):
        desk.replayed(before + MINUTE)


def test_a_moment_that_was_there_twice_is_refused_and_those_around_it_are_not(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        seen = each_second(desk, time, actor)
        before = time.pass_by(3600)
        time.now -= DAY
        late = each_second(desk, time, actor)
        time.now += DAY
        seen |= each_second(desk, time, actor)
    for moment in late:
        with pytest.raises(OpsError, match=r"twice: the clock was set back from .* by 8\d,\d{3} s"):
            desk.replayed(moment)
    assert digest_of(desk.replayed(before + 2 * MINUTE)[0]) == seen[time.now]


def test_a_slow_look_makes_the_next_one_no_shorter() -> None:
    steady = [0.0]
    clock = Clock(lambda: 1000 + steady[0], lambda: steady[0])
    clock.begin(1_000_000)
    clock.mark()
    steady[0] = 9.0  # it was read at once, and packed for nine seconds
    clock.settle()
    steady[0] = 9.3
    assert clock.look() == (1_000_000, 1_009_300)
