"""A live database is followed commit by commit, whatever others do to it; what cannot be proven is said to be a gap."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from backups.wal import follower as followers
from backups.wal import rotation
from backups.wal.coverage import coverage
from backups.wal.follower import Follower
from backups.wal.following import Status, follow
from backups.wal.records import Kind
from smsops.errors import OpsError
from tests.backups.databases import make
from tests.backups.wals import Actor, Desk, acting, desk_at, digest_of, log_at, make_live


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A followed database, with a base."""
    with desk_at(tmp_path) as desk:
        yield desk


def work(desk: Desk, actor: Actor, looks: int = 5, commits: int = 3) -> dict[int, str]:
    seen: dict[int, str] = {}
    for _ in range(looks):
        seen |= actor.work(commits)
        desk.follower.poll()
    return seen


def right(desk: Desk, seen: dict[int, str], samples: int = 6) -> bool:
    """Whether the last commit and some others come back as the writer saw them."""
    places = desk.positions()
    behind = places[places.index(desk.bases[0][1]) + 1 :]
    found = [digest_of(desk.replayed(each)[0]) for each in (*Random(1).choices(behind, k=samples), behind[-1])]
    return all(seen[number] == digest for number, digest in found if number in seen) and found[-1][0] == max(seen)


def kinds(desk: Desk) -> list[Kind]:
    """Those of the entries of the newest generation."""
    generation = desk.log.generations()[-1]
    records = desk.log.records(generation, desk.log.numbers(generation)[0])
    return [entry.kind for _, found in records for entry in found.record.entries]


@pytest.mark.parametrize(("page", "vacuum"), [(512, 0), (1024, 1), (65536, 0)])
def test_every_commit_comes_back_as_its_writer_saw_it(tmp_path: Path, page: int, vacuum: int) -> None:
    with desk_at(tmp_path, page=page, vacuum=vacuum) as desk, acting(desk.database) as actor:
        seen = work(desk, actor, looks=12, commits=5)
        assert right(desk, seen, samples=10)
        assert kinds(desk).count(Kind.COMMIT) == 61


def test_sms_stopping_and_starting_is_no_gap(desk: Desk) -> None:
    seen: dict[int, str] = {}
    for seed in range(3):
        with acting(desk.database, seed) as actor:
            seen |= work(desk, actor)
            actor.end()
    assert right(desk, seen)
    assert desk.follower.gap == ""


def test_a_writer_that_is_killed_is_no_gap(desk: Desk) -> None:
    with acting(desk.database, 1) as actor:
        work(desk, actor)
        actor.do("BEGIN IMMEDIATE")
        actor.do("DELETE FROM students")
    with acting(desk.database, 2) as actor:
        seen = work(desk, actor)
    assert right(desk, seen)
    assert desk.follower.gap == ""


@pytest.mark.parametrize("how", ["TRUNCATE", "RESTART", "FULL", "PASSIVE"])
def test_another_process_may_write_the_log_back(desk: Desk, how: str) -> None:
    seen: dict[int, str] = {}
    with acting(desk.database) as actor:
        for _ in range(6):
            seen |= actor.work(3)
            actor.do("PRAGMA busy_timeout=0")
            actor.do(f"PRAGMA wal_checkpoint({how})")
            desk.follower.poll()
            desk.follower.poll()
            actor.do(f"PRAGMA wal_checkpoint({how})")
    desk.follower.poll()
    assert right(desk, seen)
    assert desk.follower.gap == ""


def test_whoever_truncates_the_log_waits_for_no_longer_than_a_look(desk: Desk) -> None:
    with acting(desk.database) as actor:
        actor.work(3)
        ended = threading.Event()
        looking = threading.Thread(target=lambda: follow(desk.follower, ended.is_set, pause=0.05))
        looking.start()
        [[busy, _, _]] = actor.do("PRAGMA wal_checkpoint(TRUNCATE)")
        ended.set()
        looking.join()
    assert not busy


def test_a_vacuum_is_one_commit(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        actor.do("UPDATE counter SET n = -1")  # what follows is no numbered commit
        actor.do("DELETE FROM noise")
        actor.do("VACUUM")
        desk.follower.poll()
        seen |= work(desk, actor)
    assert right(desk, seen)
    assert desk.follower.gap == ""


def test_the_log_is_begun_anew_in_a_pause(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "PAGES", 20)
    monkeypatch.setattr(rotation, "STEP", 1)
    with acting(desk.database) as actor:
        seen: dict[int, str] = {}
        for _ in range(8):
            seen |= work(desk, actor, looks=1, commits=8)
            desk.follower.poll()
        assert actor.do("PRAGMA wal_checkpoint")[0][1] < 200
    assert right(desk, seen)
    assert len({position.salts for position in desk.positions()}) > 4


def test_the_log_is_begun_anew_without_a_pause(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "PAGES", 10)
    monkeypatch.setattr(rotation, "STEP", 1)
    with acting(desk.database) as actor:
        seen = work(desk, actor, looks=12, commits=8)
    assert right(desk, seen)
    assert len({position.salts for position in desk.positions()}) > 4
    assert desk.follower.gap == ""


def test_a_reader_of_sms_that_never_ends_harms_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "PAGES", 10)
    monkeypatch.setattr(rotation, "STEP", 1)
    with acting(desk.database) as reader, acting(desk.database, 2) as actor:
        reader.do("BEGIN")
        reader.do("SELECT count(*) FROM students")
        seen = work(desk, actor, looks=8, commits=8)
        assert len({position.salts for position in desk.positions()}) == 2
        reader.do("ROLLBACK")
        seen |= work(desk, actor, looks=8, commits=8)
    assert right(desk, seen)
    assert len({position.salts for position in desk.positions()}) > 2


def test_a_commit_larger_than_any_piece_comes_back(desk: Desk) -> None:
    with acting(desk.database) as actor:
        actor.do("UPDATE counter SET n = -1")  # what follows is no numbered commit
        actor.do("INSERT INTO noise SELECT randomblob(7000000)")
        actor.do("DELETE FROM noise WHERE rowid = 1")
        desk.follower.poll()
        actor.do("UPDATE noise SET bytes = randomblob(7000000)")
        desk.follower.poll()
        seen = work(desk, actor)
    assert right(desk, seen)
    assert sum(1 for kind in kinds(desk) if kind == Kind.COMMIT) > len(desk.positions())


def test_a_follower_that_was_killed_goes_on_where_it_was(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        desk.again()
        seen |= actor.work(4)
        assert desk.follower.poll() == 4
        seen |= work(desk, actor)
    assert right(desk, seen)
    assert desk.follower.gap == ""
    assert len(desk.log.generations()) == 1


def test_a_follower_that_rested_goes_on_where_it_was(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        desk.follower.rest()
        assert actor.do("PRAGMA wal_checkpoint(FULL)")[0][0] == 0
        seen |= actor.work(2) | work(desk, actor)
    assert right(desk, seen)
    assert desk.follower.gap == ""


def test_at_rest_nothing_of_the_database_is_held(desk: Desk) -> None:
    with acting(desk.database) as actor:
        work(desk, actor)
        desk.follower.rest()
        assert actor.do("PRAGMA journal_mode=DELETE") == [["delete"]]
    assert [path.name for path in desk.database.parent.iterdir()] == ["school.db"]


def test_what_happened_while_nobody_followed_is_one_jump_and_a_gap(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor)
        desk.again()
        for _ in range(3):
            seen |= actor.work(3)
            actor.do("PRAGMA wal_checkpoint(TRUNCATE)")
        desk.follower.poll()
        assert desk.follower.gap == "its log was begun anew while nobody followed"
        seen |= work(desk, actor)
    assert right(desk, seen)
    assert kinds(desk).count(Kind.JUMP) == 1
    assert len(coverage(desk.log)) == 2


def test_commits_that_were_written_back_while_nobody_followed_are_missed(desk: Desk) -> None:
    with acting(desk.database) as actor:
        seen = work(desk, actor, looks=8)
        desk.again()
        seen |= actor.work(2)
        actor.do("PRAGMA wal_checkpoint(FULL)")
        actor.do("UPDATE students SET name = 'Last' WHERE id = 1")
        desk.follower.poll()
        assert desk.follower.gap == "its log was begun anew while nobody followed"
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


def test_a_database_without_a_log_is_refused_in_one_sentence(tmp_path: Path) -> None:
    follower = Follower(make(tmp_path / "school.db", journal="delete"), tmp_path / "shadow", log_at(tmp_path))
    with pytest.raises(OpsError) as caught:
        follower.poll()
    assert caught.value.message == "school.db has no write-ahead log to follow: its journal mode is “delete”."


def test_a_missing_database_is_named(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "none.db", tmp_path / "shadow", log_at(tmp_path))
    with pytest.raises(OpsError, match=r"There is no database at .*none\.db"):
        follower.poll()


def test_a_database_has_one_follower(desk: Desk) -> None:
    other = Follower(desk.database, desk.folder / "shadow", desk.log)
    with pytest.raises(OpsError, match=r"Another process follows school\.db already"):
        other.poll()


def test_a_log_of_sms_is_not_held_for_ever_while_nothing_can_be_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "MOST_LOG", 100_000)

    def refuse(*_: object) -> None:
        raise OpsError("The disk is full.")

    with acting(desk.database) as actor, monkeypatch.context() as patch:
        patch.setattr(desk.follower.keeper, "ship", refuse)
        actor.work(20)
        with pytest.raises(OpsError, match="full"):
            desk.follower.poll()
        actor.do("PRAGMA busy_timeout=0")
        assert actor.do("PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0
    assert "had grown too long" in desk.follower.gap


def test_the_loop_tells_how_it_stands_and_ends_at_rest(desk: Desk) -> None:
    told: list[Status] = []
    with acting(desk.database) as actor:
        actor.work(3)
        status = follow(desk.follower, lambda: len(told) == 4, told.append, pause=0.01)
    assert status.commits == 3
    assert status.position == str(desk.positions()[-1])
    assert status.lag < 1
    assert (status.problem, status.gap) == ("", "")
    assert desk.follower.pins.held is None


def test_a_look_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    live, told = tmp_path / "data" / "school.db", list[Status]()
    live.parent.mkdir()
    follower = Follower(live, tmp_path / "shadow", log_at(tmp_path))

    def tell(status: Status) -> None:
        told.append(status)
        if len(told) == 1:
            make_live(live)

    follow(follower, lambda: len(told) == 2, tell, wait=lambda _: None)
    assert ["no database" in each.problem for each in told] == [True, False]
