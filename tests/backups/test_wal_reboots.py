"""Everything is gone at once, as when the machine starts anew: the same chain goes on, whoever comes back first."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from backups.wal.follower import Follower
from backups.wal.looseness import loose_at
from backups.wal.records import Kind
from smsops.errors import OpsError
from tests.backups.test_killed import killed
from tests.backups.test_wal_kills import look
from tests.backups.wals import Actor, Desk, acting, digest_of, kinds, log_at, make_live, right, snapshot, work

Seen = dict[int, str]
IMAGE = ("wal/shadow.py", "wal/undo.py", "vault/blocks.py")  # what writes the image


def stop_all(desk: Desk, commits: int = 3) -> Seen:
    """SMS works and is followed; then it commits a little more, and everything is killed before that was seen."""
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        desk.kill()
        return seen | actor.work(commits)


def scramble(desk: Desk) -> None:
    """What a power failure leaves of an image that was never synced: some pages are older than others."""
    image = desk.folder / "shadow" / "shadow.db"
    with image.open("r+b") as file:
        for page in Random(2).sample(range(image.stat().st_size // 4096), 3):
            file.seek(page * 4096)
            file.write(bytes(4096))


@pytest.mark.parametrize("power_failed", [False, True])
@pytest.mark.parametrize("first", ["the follower", "SMS"])
def test_the_same_log_goes_on_whoever_comes_first(desk: Desk, first: str, power_failed: bool) -> None:
    desk.vaulted = True
    seen = stop_all(desk)
    if power_failed:
        scramble(desk)
    with contextlib.ExitStack() as stack:
        if first == "SMS":
            seen |= stack.enter_context(acting(desk.database, 2)).work(2)
        assert desk.again().poll() == len(seen) - 15
        seen |= work(desk, stack.enter_context(acting(desk.database, 3)))
    assert right(desk, seen)
    assert (desk.follower.gap, len(desk.log.generations())) == ("", 1)
    assert Kind.JUMP not in kinds(desk)


def open_and_close(database: Path) -> None:
    """SMS's last connection writes the log back and removes it."""
    actor = Actor(database)
    actor.do("SELECT * FROM counter")
    actor.end()
    assert not database.with_name(f"{database.name}-wal").exists()


def reborn(desk: Desk) -> Seen:
    """SMS opened and closed the database before anybody followed, and goes on in another log."""
    open_and_close(desk.database)
    with acting(desk.database, 2) as actor:
        seen = actor.work(2)
        desk.again().poll()
        return seen | work(desk, actor)


@pytest.mark.parametrize("power_failed", [False, True])
def test_a_log_that_was_written_back_before_anybody_followed_is_one_jump_in_the_same_chain(
    desk: Desk, power_failed: bool
) -> None:
    desk.vaulted = True
    seen = stop_all(desk)
    if power_failed:
        scramble(desk)
    seen |= reborn(desk)
    assert right(desk, seen)
    assert kinds(desk).count(Kind.JUMP) == 1
    assert len(desk.log.generations()) == 1
    said, _, loss = desk.follower.gap.partition("; ")
    assert said in ("its log was begun anew while nobody followed", "the log of smsops ends elsewhere")
    assert loss.endswith("pages differ from what was kept")


def test_where_nothing_differs_the_chain_goes_on_and_that_is_said(desk: Desk) -> None:
    seen = stop_all(desk, commits=0)
    open_and_close(desk.database)
    desk.again().poll()
    with acting(desk.database, 2) as actor:
        seen |= work(desk, actor)
    assert right(desk, seen)
    assert len(desk.log.generations()) == 1
    assert desk.follower.gap.endswith("; nothing differs from what was kept")


def test_the_same_pages_do_not_prove_that_nothing_was_committed(desk: Desk) -> None:
    """Why the time without a follower is a gap even where nothing differs: a change can be taken back byte by byte."""
    with acting(desk.database) as actor:
        work(desk, actor)
        actor.do("UPDATE students SET name = 'aaa' WHERE id = 5")
        desk.follower.poll()
        desk.kill()
        for name in ("bbb", "aaa"):
            actor.do("UPDATE students SET name = ? WHERE id = 5", name)
    open_and_close(desk.database)
    desk.again().poll()
    assert desk.follower.gap.endswith("; nothing differs from what was kept")
    assert kinds(desk)[-1] == Kind.JUMP


def test_what_sms_itself_lost_by_a_power_failure_is_kept(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        kept = max(seen)
        last = desk.follower.position
        desk.kill()
    log = desk.database.with_name("school.db-wal")
    os.truncate(log, log.stat().st_size - 3 * 4120)
    with acting(desk.database, 2) as actor:
        desk.again().poll()
        assert desk.follower.gap.startswith("its log was begun anew while nobody followed; ")
        again = work(desk, actor)
    assert last is not None
    assert digest_of(desk.replayed(last)[0]) == (kept, seen[kept])
    assert right(desk, again)
    assert len(desk.log.generations()) == 1


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def jump_of(desk: Desk) -> int:
    """When the one jump was seen, in ms."""
    generation = desk.log.generations()[-1]
    records = [found.record for _, found in desk.log.records(generation, 1)]
    [time] = [entry.time for record in records for entry in record.entries if entry.kind == Kind.JUMP]
    return time


def test_a_gap_is_refused_and_the_moments_around_it_are_not(desk: Desk) -> None:
    seen = stop_all(desk)
    before = desk.follower.clock.last
    reborn(desk)
    after = jump_of(desk)
    assert digest_of(desk.replayed(moment(before))[0]) == (15, seen[15])
    with pytest.raises(OpsError, match="The log has a gap"):
        desk.replayed(moment(after - 1))
    assert digest_of(desk.replayed(moment(after))[0])[0] == 20


def test_without_a_backup_a_torn_image_begins_a_generation_and_says_so(desk: Desk) -> None:
    stop_all(desk)
    scramble(desk)
    desk.again().poll()
    assert desk.follower.gap == "its own image of the database was damaged"
    assert len(desk.log.generations()) == 2


def test_without_any_note_of_the_image_it_is_built_from_a_backup(desk: Desk) -> None:
    desk.vaulted = True
    seen = stop_all(desk)
    for path in (desk.folder / "shadow").glob("shadow*"):
        path.unlink()
    desk.again().poll()
    with acting(desk.database, 2) as actor:
        seen |= work(desk, actor)
    assert right(desk, seen)
    assert len(desk.log.generations()) == 1


def test_an_image_that_is_damaged_while_it_follows_is_built_anew_and_nothing_is_missed(desk: Desk) -> None:
    desk.vaulted = True
    desk.again()
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        scramble(desk)
        for _ in range(4):
            seen |= work(desk, actor)
    assert right(desk, seen)
    assert (desk.follower.gap, len(desk.log.generations())) == ("", 1)


@pytest.mark.parametrize("renewed", [False, True])
def test_killed_at_any_line_that_writes_its_image_the_chain_goes_on(tmp_path: Path, renewed: bool) -> None:
    live, log = make_live(tmp_path / "data" / "school.db"), log_at(tmp_path)
    with acting(live, 3) as actor:
        actor.work(1)
        killed(lambda: look(live, tmp_path, 1), 10**9)
        base = snapshot(live, tmp_path / "base0.db")
        seen, deaths = actor.work(1), 0
        for at in range(1, 360, 12):
            deaths += killed(lambda at=at: look(live, tmp_path, 1), at, *IMAGE)  # type: ignore[misc]
            if renewed:
                actor.do("PRAGMA wal_checkpoint(TRUNCATE)")
            killed(lambda: look(live, tmp_path, 1), 10**9, *IMAGE)
            seen |= actor.work(1)
        killed(lambda: look(live, tmp_path, 1), 10**9, *IMAGE)
    assert base is not None
    desk = Desk(tmp_path, live, Follower(live, tmp_path / "shadow", log), log, [(tmp_path / "base0.db", base)])
    assert deaths > 20
    assert len(log.generations()) == 1
    assert right(desk, seen)


def test_which_pages_nobody_wrote_is_known_from_the_records_alone(desk: Desk) -> None:
    with acting(desk.database) as actor:
        for _ in range(3):
            work(desk, actor, looks=4)
            actor.do("DELETE FROM noise")
            actor.do("INSERT INTO noise SELECT zeroblob(400000)")
            desk.follower.poll()
    state = desk.follower.keeper.state
    assert loose_at(desk.log, state.generation, state.position, None) == state.loose
    desk.kill()
