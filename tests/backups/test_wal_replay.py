"""A backup is brought to a later moment, or it is said why that cannot be had; the loss is measured for real."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backups.errors import BackupDamaged
from backups.wal.clock import Clock
from backups.wal.coverage import coverage
from backups.wal.frames import Position
from backups.wal.replay import planned
from smsops.errors import OpsError
from tests.backups.databases import spoil
from tests.backups.wals import Actor, Desk, acting, digest_of
from tests.places import digest

MINUTE = timedelta(minutes=1)


class Time:
    """A clock that is set by the test."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.steady = 0.0

    def clock(self) -> Clock:
        return Clock(lambda: self.now.timestamp(), lambda: self.steady)

    def pass_by(self, seconds: float) -> datetime:
        self.now, self.steady = self.now + timedelta(seconds=seconds), self.steady + seconds
        return self.now


@pytest.fixture
def time(desk: Desk) -> Time:
    """The time of the follower from now on: a year ahead of what it was."""
    time = Time()
    time.now = datetime.now(UTC) + timedelta(days=365)
    desk.follower.clock.wall = lambda: time.now.timestamp()
    desk.follower.clock.steady = lambda: time.steady
    desk.follower.clock.begin(int(time.now.timestamp() * 1000))
    return time


def each_second(desk: Desk, time: Time, actor: Actor, looks: int = 5) -> dict[datetime, tuple[int, str]]:
    """A commit a second; what the database is behind each, by the time it was seen."""
    seen = {}
    for _ in range(looks):
        [state] = actor.work(1).items()
        seen[time.pass_by(1)] = state
        desk.follower.poll()
    return seen


def test_every_moment_is_the_last_commit_before_it(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        seen = each_second(desk, time, actor)
    for moment, state in seen.items():
        for later in (0.0, 0.9):
            image, replayed = desk.replayed(moment + timedelta(seconds=later))
            assert digest_of(image) == state
            assert abs(replayed.time - moment) < timedelta(milliseconds=2)


def test_what_comes_back_is_one_plain_file(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
    image, replayed = desk.replayed(time.now)
    assert [path.name for path in desk.folder.glob("image*")] == ["image.db"]
    assert digest(image) == digest(desk.database)
    assert replayed.commits == 5


def test_a_base_in_the_middle_of_a_look_is_one_too(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        actor.work(3)
        desk.base()
        [*_, last] = actor.work(3).items()
        time.pass_by(1)
        assert desk.follower.poll() == 6
    image, replayed = desk.replayed(time.now, base=1)
    assert digest_of(image) == last
    assert replayed.commits == 3


def test_a_base_on_a_log_that_was_just_begun_anew_is_one_too(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        actor.work(2)
        desk.follower.poll()
        actor.do("PRAGMA wal_checkpoint")
        desk.follower.poll()
        assert actor.do("PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0
        desk.base()
        [*_, last] = actor.work(3).items()
        desk.follower.poll()
    assert desk.bases[1][1].frame == 0
    assert digest_of(desk.replayed(time.now, base=1)[0]) == last


def test_a_base_at_the_moment_itself_needs_nothing(desk: Desk, time: Time) -> None:
    image, replayed = desk.replayed(time.now)
    assert replayed.commits == 0
    assert digest(image) == digest(desk.bases[0][0])


def test_a_moment_before_the_backup_is_refused(desk: Desk, time: Time) -> None:
    with pytest.raises(OpsError, match="The backup was taken after that moment"):
        desk.replayed(time.now - timedelta(days=400))


def test_a_moment_within_a_gap_is_refused_and_those_around_it_are_not(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        seen = each_second(desk, time, actor)
        before = time.now
        desk.follower.let_go()
        actor.work(2)
        actor.do("PRAGMA wal_checkpoint(TRUNCATE)")
        actor.work(2)
        time.pass_by(60)
        desk.follower.poll()
        after = time.now
        seen |= each_second(desk, time, actor)
    with pytest.raises(OpsError, match=r"The log has a gap: what was committed between .* is not known one by one"):
        desk.replayed(before + MINUTE / 2)
    assert digest_of(desk.replayed(before)[0]) == seen[before]
    assert desk.replayed(after)[1].time > before
    assert digest_of(desk.replayed(time.now)[0]) == seen[time.now]


def test_commits_seen_long_after_they_were_made_are_reached_by_position_alone(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
        before = time.now
        desk.follower.let_go()
        late = actor.work(3)
        time.pass_by(60)
        assert desk.follower.poll() == 3
    with pytest.raises(OpsError, match="The log has a gap"):
        desk.replayed(before + MINUTE / 2)
    assert digest_of(desk.replayed(desk.positions()[-2])[0])[1] in late.values()


def test_a_refusal_leaves_the_image_as_it_was(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
    with pytest.raises(OpsError, match="does not hold the commit"):
        desk.replayed(Position(1, 2, 3, 4))
    assert (desk.folder / "image.db").read_bytes() == desk.bases[0][0].read_bytes()


def test_a_backup_the_log_knows_nothing_of_is_refused(desk: Desk) -> None:
    with pytest.raises(OpsError, match="The log does not go on from this backup"):
        planned(desk.log, Position(1, 2, 3, 4), datetime.now(UTC))


def test_a_moment_between_two_generations_is_refused(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
        before = time.now
        desk.again().clock.wall = lambda: time.now.timestamp()
        (desk.folder / "shadow" / "shadow.json").unlink()
        time.pass_by(60)
        desk.follower.poll()
    assert desk.follower.gap == "there was no image of the database to go on from"
    with pytest.raises(OpsError, match="The log has a gap"):
        desk.replayed(before + MINUTE / 2)
    assert desk.replayed(before)[1].commits == 5


def test_a_moment_later_than_the_log_says_up_to_when_it_knows(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
    replayed = desk.replayed(time.now + MINUTE)[1]
    assert abs(replayed.known - time.now) < timedelta(milliseconds=2)


def test_a_damaged_log_is_refused(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
    file = next((desk.log.shelf.root / "log").rglob("*.log"))
    spoil(file, file.stat().st_size * 4)
    with pytest.raises(BackupDamaged, match=r"The file log/.*\.log of the log is damaged"):
        desk.replayed(time.now)


def test_a_base_that_is_not_what_stood_there_is_noticed(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
    with desk.bases[0][0].open("r+b") as file:
        file.seek(4096)
        file.write(bytes(8192))
    with pytest.raises(BackupDamaged, match="does not fit the state before it"):
        desk.replayed(time.now)


def test_a_clock_set_back_sets_no_time_of_the_log_back(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
        before = time.now
        time.now -= timedelta(hours=1)
        late = each_second(desk, time, actor, looks=2)
    generation = desk.log.generations()[-1]
    records = [found.record for _, found in desk.log.records(generation, 1)]
    times = [entry.time for record in records for entry in record.entries]
    assert times == sorted(times)
    assert max(record.setback for record in records) > 3_590_000
    assert digest_of(desk.replayed(before)[0]) == list(late.values())[-1]


def test_a_clock_set_forward_makes_no_gap(desk: Desk, time: Time) -> None:
    with acting(desk.database) as actor:
        each_second(desk, time, actor)
        time.now += timedelta(hours=1)
        each_second(desk, time, actor)
    assert len([span for span in coverage(desk.log) if span.end > time.now - timedelta(hours=2)]) == 1


def test_a_clock_that_was_set_back_while_nobody_followed_goes_on_behind_the_last_time() -> None:
    clock = Clock(lambda: 100.0, lambda: 0.0)
    clock.begin(5_000_000)
    assert clock.look() == (5_000_000, 5_000_000)
    assert clock.setback == 4_900_000
