"""What cannot be proven to follow on what was kept is noticed and said to be a gap, never packed on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backups.wal.coverage import coverage
from backups.wal.records import Kind
from smsops.errors import OpsError
from tests.backups.wals import Desk, acting, kinds, make_live, right, work


def test_what_happened_while_nobody_followed_is_one_jump_and_a_gap(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        desk.again()
        for _ in range(3):
            seen |= actor.work(3)
            actor.do("PRAGMA wal_checkpoint(TRUNCATE)")
        desk.follower.poll()
        assert desk.follower.gap.startswith("its log was begun anew while nobody followed; ")
        seen |= work(desk, actor)
    assert right(desk, seen)
    assert kinds(desk).count(Kind.JUMP) == 1
    assert len(coverage(desk.log)) >= 2


def test_commits_that_were_written_back_while_nobody_followed_are_missed(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor, looks=8)
        desk.again()
        seen |= actor.work(2)
        actor.do("PRAGMA wal_checkpoint(FULL)")
        actor.do("UPDATE students SET name = 'Last' WHERE id = 1")
        desk.follower.poll()
        assert desk.follower.gap.startswith("its log was begun anew while nobody followed; ")
        seen |= work(desk, actor)
    assert right(desk, seen)


@pytest.mark.parametrize(
    ("times", "said"), [(1, "its log went on before it was begun anew"), (2, "its log was begun anew more than once")]
)
def test_a_hold_that_was_lost_is_noticed(desk: Desk, times: int, said: str) -> None:
    with acting(desk.database) as actor:
        work(desk, actor, looks=8)
        desk.database.with_name("school.db-shm").open("rb").close()  # which drops every lock SQLite has on it here
        for _ in range(times):
            actor.work(2)
            assert actor.do("PRAGMA wal_checkpoint(RESTART)")[0][0] == 0
        actor.do("UPDATE students SET name = 'Last' WHERE id = 1")
        desk.follower.poll()
    assert desk.follower.gap == said


def replace(desk: Desk, other: Path) -> None:
    """Put another database in its place, as a restore does; nothing is opened here."""
    for suffix in ("-wal", "-shm"):
        desk.database.with_name(f"{desk.database.name}{suffix}").unlink(missing_ok=True)
    other.replace(desk.database)


def test_a_database_that_was_replaced_is_noticed_and_followed(desk: Desk, tmp_path: Path) -> None:
    with acting(desk.database) as actor:
        work(desk, actor)
    replace(desk, make_live(tmp_path / "other" / "other.db", first=1000))
    desk.follower.poll()
    assert desk.follower.gap == "the database was replaced"
    desk.follower.poll()
    with acting(desk.database, 9) as actor:
        seen = work(desk, actor)
    assert right(desk, seen)
    assert kinds(desk).count(Kind.JUMP) == 1


def test_letting_go_of_a_replaced_database_leaves_the_new_one_its_log(desk: Desk, tmp_path: Path) -> None:
    replace(desk, make_live(tmp_path / "other" / "other.db", first=1000))
    with acting(desk.database, 9) as actor:
        seen = actor.work(3)
        desk.follower.poll()
        assert desk.database.with_name("school.db-wal").exists()
        desk.follower.poll()
        seen |= work(desk, actor)
    assert right(desk, seen)


def test_a_database_that_was_copied_over_is_noticed_although_its_log_goes_on(desk: Desk, tmp_path: Path) -> None:
    with acting(desk.database) as actor:
        work(desk, actor, looks=8)
        actor.do("PRAGMA wal_checkpoint")  # what is in the log alone would hide what the file has become
        desk.follower.poll()
        actor.work(1)
        desk.follower.poll()
        other = make_live(tmp_path / "other" / "other.db", first=1000)
        subprocess.run(["cp", other, desk.database], check=True)
        desk.follower.poll()
        assert desk.follower.gap == "something else than SQLite wrote to the database file"
    desk.follower.poll()
    assert desk.follower.gap.startswith("its own image of the database was not the database")
    assert len(desk.log.generations()) == 2


def test_a_database_file_that_was_only_touched_is_no_gap(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        subprocess.run(["touch", desk.database], check=True)
        seen |= work(desk, actor)
        seen |= work(desk, actor)
    assert right(desk, seen)
    assert (desk.follower.gap, len(desk.log.generations())) == ("", 1)


def test_while_it_is_followed_sqlite_refuses_to_give_up_the_log(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        actor.do("PRAGMA busy_timeout=0")
    switched = subprocess.run(["sqlite3", desk.database, "PRAGMA journal_mode=DELETE"], capture_output=True, text=True)
    assert "locked" in switched.stderr
    with acting(desk.database, 2) as actor:
        seen |= work(desk, actor)
    assert right(desk, seen)
    assert desk.follower.gap == ""


def test_a_log_that_was_given_up_and_begun_again_while_nobody_followed_is_one_jump(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        desk.again()
        actor.do("PRAGMA journal_mode=DELETE")
        seen |= actor.work(2)
        actor.do("PRAGMA journal_mode=WAL")
        seen |= actor.work(2)
        desk.follower.poll()
        seen |= work(desk, actor)
    assert right(desk, seen)
    assert (kinds(desk).count(Kind.JUMP), len(desk.log.generations())) == (1, 1)


def test_without_a_log_to_follow_it_says_so_until_there_is_one(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        desk.again()
        actor.do("PRAGMA journal_mode=DELETE")
        with pytest.raises(OpsError, match="has no write-ahead log to follow"):
            desk.follower.poll()
        actor.do("PRAGMA journal_mode=WAL")
        seen |= actor.work(2)
        desk.follower.poll()
        seen |= work(desk, actor)
    assert right(desk, seen)


@pytest.mark.parametrize("suffix", ["-wal", "-shm", ""])
def test_what_is_left_of_a_removed_file_never_passes_for_the_database(desk: Desk, suffix: str) -> None:
    with acting(desk.database) as actor:
        work(desk, actor)
        desk.database.with_name(f"school.db{suffix}").unlink()
        desk.follower.poll()
    assert desk.follower.gap


@pytest.mark.parametrize(("suffix", "said"), [("-wal", "its log was removed"), ("-shm", "the index of its log was")])
def test_a_log_that_was_removed_is_noticed(desk: Desk, suffix: str, said: str) -> None:
    desk.database.with_name(f"{desk.database.name}{suffix}").unlink()
    desk.follower.poll()
    assert desk.follower.gap.startswith(said)


def test_another_size_of_pages_begins_a_generation(desk: Desk) -> None:
    desk.follower.rest()
    with acting(desk.database) as actor:
        for statement in ("PRAGMA journal_mode=DELETE", "PRAGMA page_size=8192", "VACUUM", "PRAGMA journal_mode=WAL"):
            actor.do(statement)
        actor.work(1)
        desk.follower.poll()
        assert desk.follower.gap == "the size of the database's pages was changed"
        desk.bases.clear()
        desk.base()
        seen = work(desk, actor)
    assert right(desk, seen)
    assert len(desk.log.generations()) == 2


def test_an_image_that_was_damaged_is_never_packed_on(desk: Desk) -> None:
    with acting(desk.database) as actor:
        work(desk, actor)
        for number in range(1, desk.follower.keeper.shadow.size):
            with desk.follower.keeper.shadow.image.open("r+b") as file:
                file.seek(number * 4096 + 50)
                file.write(b"rot")
        actor.work(3)
        desk.follower.poll()
        assert desk.follower.gap == "its own image of the database was damaged"
        desk.follower.poll()
        desk.bases.clear()
        desk.base()
        seen = work(desk, actor)
    assert right(desk, seen)
    assert len(desk.log.generations()) == 2


def test_an_image_that_was_damaged_while_nobody_followed_is_noticed(desk: Desk) -> None:
    desk.again()
    image = desk.folder / "shadow" / "shadow.db"
    with image.open("r+b") as file:
        file.seek(5000)
        file.write(b"rot")
    desk.follower.poll()
    assert desk.follower.gap == "its own image of the database was damaged"


def test_a_log_that_lost_its_end_is_noticed(desk: Desk) -> None:
    with acting(desk.database) as actor:
        work(desk, actor)
        desk.again()
        file = sorted((desk.log.shelf.root / "log").rglob("*.log"))[-1]
        with file.open("r+b") as open_file:
            open_file.truncate(file.stat().st_size - 3)
        desk.follower.poll()
        # Its last record is not there any more, and the image is ahead of what is.
        assert desk.follower.gap == "the log of smsops ends elsewhere"
    assert len(desk.log.generations()) == 2
