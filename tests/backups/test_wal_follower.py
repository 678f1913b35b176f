"""A live database is followed commit by commit, whatever others do to it; what cannot be proven is said to be a gap."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from backups.wal import follower as followers
from backups.wal import rotation
from backups.wal.follower import Follower
from backups.wal.following import Status, follow
from backups.wal.records import Kind
from smsops.errors import OpsError
from tests.backups.databases import make
from tests.backups.wals import Desk, acting, desk_at, digest_of, kinds, log_at, make_live, right, work


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


def test_pages_given_back_bit_by_bit_are_commits_too(tmp_path: Path) -> None:
    with desk_at(tmp_path, vacuum=2) as desk, acting(desk.database) as actor:
        seen = work(desk, actor)
        for _ in range(3):
            actor.do("DELETE FROM noise WHERE rowid % 2")
            actor.do("PRAGMA incremental_vacuum(5)")
            seen |= work(desk, actor, looks=2)
        places = desk.positions()
        assert digest_of(desk.replayed(places[-1])[0]) == (max(seen), seen[max(seen)])
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
    assert status.lag < 10
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
