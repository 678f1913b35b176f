"""Where a live database stands: read without a lock, exactly, and without dropping anybody's locks."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backups.engines.sqlite import SqliteEngine
from backups.wal import position
from backups.wal.frames import Discontinuity, Position, Wal, WalHeader, checksum
from backups.wal.pins import Pins
from backups.wal.position import begin, descriptor, look, parse
from tests.backups.databases import commits, make, writing
from tests.backups.wals import acting, make_live, snapshot


@pytest.fixture
def live(tmp_path: Path) -> Path:
    return make_live(tmp_path / "data" / "school.db")


def index_of(live: Path) -> Path:
    return live.with_name(f"{live.name}-shm")


def test_a_position_is_read_back_from_its_text() -> None:
    there = Position(0xFFFFFFFF, 7, 1234567, 0xDEADBEEF00000001)
    assert Position.parse(str(there)) == there


@pytest.mark.parametrize("text", ["", "1-2-3", "x-1-1-1", "1-2-3-4-5"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Position.parse(text)


@pytest.mark.parametrize("page", [512, 4096, 65536])
def test_every_frame_of_a_real_log_has_the_checksum_that_is_computed(tmp_path: Path, page: int) -> None:
    live = make_live(tmp_path / "data" / "school.db", page=page)
    pins = Pins(live)
    pins.open()
    with acting(live) as actor:
        actor.work(20)
        end = pins.reach().position
        assert pins.wal is not None
        found = pins.wal.commits(None, end)
    pins.close()
    assert len(found) == 20
    assert found[-1].position == end


def test_a_header_in_the_other_byte_order_is_read() -> None:
    head = struct.pack(">6I", 0x377F0683, 3007000, 4096, 0, 5, 6)
    sums = checksum("big", head, (0, 0))
    found = WalHeader.parse(head + struct.pack(">2I", *sums))
    assert found == WalHeader("big", 4096, (5, 6), sums)
    assert checksum("little", head, (0, 0)) != sums


def test_no_bit_of_a_header_can_change_unnoticed(live: Path) -> None:
    pins = Pins(live)
    pins.open()
    with acting(live) as actor:
        actor.work(1)
        assert pins.wal is not None
        head = live.with_name(f"{live.name}-wal").read_bytes()[:32]
    pins.close()
    assert WalHeader.parse(head) is not None
    flipped = [bytes([*head[: at // 8], head[at // 8] ^ 1 << at % 8, *head[at // 8 + 1 :]]) for at in range(256)]
    assert not [each for each in flipped if WalHeader.parse(each) is not None]


def test_a_frame_that_was_changed_is_a_discontinuity(live: Path, tmp_path: Path) -> None:
    pins = Pins(live)
    pins.open()
    with acting(live) as actor:
        actor.work(3)
        end = pins.reach().position
        copy = tmp_path / "log"
        copy.write_bytes(live.with_name(f"{live.name}-wal").read_bytes())
    pins.close()
    with copy.open("r+b") as file:
        file.seek(32 + 24 + 100)
        file.write(b"\xff")
        file.flush()
        with pytest.raises(Discontinuity, match="another checksum"):
            Wal(file.fileno(), 4096).commits(None, end)


def test_the_position_of_a_snapshot_is_that_of_the_commit_in_it(tmp_path: Path) -> None:
    live = make(tmp_path / "live.db")
    pins = Pins(live)
    pins.open()  # holds the log, so that all of it can be looked up afterwards
    with writing(live):
        taken = [(snapshot(live, tmp_path / f"{at}.db"), commits(tmp_path / f"{at}.db")) for at in range(6)]
        end = pins.reach().position
        assert pins.wal is not None
        places = [commit.position for commit in pins.wal.commits(None, end)]
    pins.close()
    numbers = {place: number for number, place in enumerate(places)}
    steps = {numbers[place] - counted for place, counted in taken if place is not None}
    assert len(taken) == 6
    assert len(steps) == 1  # always so many commits of the preparation before


def test_a_snapshot_without_a_log_has_no_position(tmp_path: Path) -> None:
    live = make(tmp_path / "live.db", journal="delete")
    assert snapshot(live, tmp_path / "copy.db") is None
    assert (tmp_path / "copy.db").exists()


def test_where_descriptors_cannot_be_listed_a_snapshot_is_taken_all_the_same(
    live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(position, "DESCRIPTORS", tmp_path / "none")
    assert SqliteEngine().snapshot(live, tmp_path / "copy.db") is None
    assert SqliteEngine().facts(tmp_path / "copy.db").row_counts["students"] == 200


def test_the_log_stays_held_while_the_position_is_read(live: Path) -> None:
    pins = Pins(live)
    pins.open()
    with acting(live) as actor:
        actor.work(2)
        pins.reach()
        pins.move()
        actor.work(2)
        for _ in range(50):
            handle = descriptor(index_of(live))
            assert handle is not None
            assert look(handle) is not None
        actor.do("PRAGMA busy_timeout=50")
        [[busy, _, _]] = actor.do("PRAGMA wal_checkpoint(RESTART)")
        assert busy
        pins.close()
        assert actor.do("PRAGMA wal_checkpoint(RESTART)")[0][0] == 0


class Slow(sqlite3.Connection):
    """A connection whose first transaction begins late: somebody commits before."""

    meanwhile: list[Callable[[], object]] = []

    def execute(self, statement: str, *given: Any) -> sqlite3.Cursor:
        if statement == "BEGIN" and self.meanwhile:
            self.meanwhile.pop()()
        return super().execute(statement, *given)


def test_a_commit_while_the_transaction_begins_is_in_the_position(live: Path) -> None:
    with contextlib.closing(sqlite3.connect(live, isolation_level=None, factory=Slow)) as connection:
        with acting(live) as actor:
            actor.work(1)
            connection.meanwhile.append(lambda: actor.work(2))
            standing = begin(connection, live)
        handle = descriptor(index_of(live))
        assert handle is not None
        assert standing == look(handle)
        assert connection.execute("SELECT n FROM counter").fetchone() == (3,)


def test_an_index_in_the_middle_of_a_change_is_not_believed(live: Path) -> None:
    with contextlib.closing(sqlite3.connect(live, isolation_level=None)) as connection:
        assert begin(connection, live) is not None
        data = bytearray(index_of(live).read_bytes()[:136])
    assert parse(bytes(data)) is not None
    torn = bytes(data[:48]) + bytes([data[48] ^ 1]) + bytes(data[49:])
    both = bytes([data[16] ^ 1 if at in (16, 64) else byte for at, byte in enumerate(data)])
    assert parse(torn) is None
    assert parse(both) is None
