"""Snapshots of real SQLite databases: live, in use, in either journal mode, or no database at all."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from backups.engines import sqlite
from backups.engines.sqlite import SqliteEngine
from smsops.errors import OpsError
from tests.backups.databases import change, commits, count, leave_a_log, make, writing
from tests.places import digest

ENGINE = SqliteEngine()


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_no_commit_is_torn_and_no_writer_is_held_up(tmp_path: Path, journal: str) -> None:
    live, copy = make(tmp_path / "live.db", journal=journal, filler=4_000_000), tmp_path / "copy.db"
    seen = [0]
    with writing(live) as writer:
        while seen[-1] < 40 or len(set(seen)) < 12:
            ENGINE.snapshot(live, copy)
            seen.append(commits(copy))
        assert writer.end() < 5
    assert seen == sorted(seen)


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_snapshot_is_the_database(tmp_path: Path, journal: str) -> None:
    live, copy = make(tmp_path / "live.db", journal=journal), tmp_path / "copy.db"
    ENGINE.snapshot(live, copy)
    assert digest(copy) == digest(live)
    assert ENGINE.facts(copy).row_counts["students"] == 50


def test_what_is_only_in_the_log_is_in_the_snapshot(database: Path, tmp_path: Path) -> None:
    leave_a_log(database, "DELETE FROM students WHERE id > 10")
    ENGINE.snapshot(database, tmp_path / "copy.db")
    assert count(tmp_path / "copy.db") == 10


def test_a_snapshot_is_one_file(database: Path, tmp_path: Path) -> None:
    ENGINE.snapshot(database, tmp_path / "copy.db")
    ENGINE.facts(tmp_path / "copy.db")
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.db"]


def test_a_snapshot_takes_the_place_of_an_unfinished_one(database: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_bytes(b"half a copy")
    ENGINE.snapshot(database, tmp_path / "copy.db")
    assert digest(tmp_path / "copy.db") == digest(database)


def test_a_database_that_is_read_meanwhile_can_be_copied(database: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM students").fetchone()
        change(database, "DELETE FROM grades")
        ENGINE.snapshot(database, tmp_path / "copy.db")
    assert count(tmp_path / "copy.db", "grades") == 0


def test_a_missing_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match=r"There is no database at .*none\.db\. Check the data path"):
        ENGINE.snapshot(tmp_path / "none.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"SQLite", b"PK\x03\x04 some other file that is long enough"])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "live.db").write_bytes(content)
    with pytest.raises(OpsError, match=r"live\.db is not an SQLite database"):
        ENGINE.snapshot(tmp_path / "live.db", tmp_path / "copy.db")
    assert (tmp_path / "live.db").read_bytes() == content


def test_a_folder_in_the_place_of_the_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match="cannot be read: Is a directory"):
        ENGINE.snapshot(tmp_path, tmp_path / "copy.db")


def test_a_full_disk_is_said_and_no_half_snapshot_is_left(tmp_path: Path, disk: Path) -> None:
    live = make(tmp_path / "live.db", filler=4_000_000)
    with pytest.raises(OpsError, match=r"is full\. Make room"):
        ENGINE.snapshot(live, disk / "copy.db")
    assert list(disk.iterdir()) == []


def test_a_damaged_database_is_copied_with_its_damage_named(tmp_path: Path) -> None:
    live, copy = make(tmp_path / "live.db", rows=3000, journal="delete"), tmp_path / "copy.db"
    with live.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096)
    ENGINE.snapshot(live, copy)
    assert ENGINE.facts(copy).problem


def test_a_database_that_stays_locked_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    live, said = make(tmp_path / "live.db", journal="delete"), list[OpsError]()

    def snapshot() -> None:
        try:
            SqliteEngine().snapshot(live, tmp_path / "copy.db")
        except OpsError as error:
            said.append(error)

    thread = threading.Thread(target=snapshot)
    with contextlib.closing(sqlite3.connect(live, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        thread.start()
        thread.join(3)
    thread.join()
    assert [error.transient for error in said] == [True]
