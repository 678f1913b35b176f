"""Exchanging the database file: whole old or whole new, the old one kept, no stale log played in."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from backups.engines.sqlite import side_file
from backups.services import fence, swaps
from smsops.errors import LeaseLost, OpsError
from tests.backups.databases import count, leave_a_log, make, root
from tests.places import digest


@pytest.fixture
def staged(database: Path) -> Path:
    """A database of 3 students, ready to take the other's place."""
    return make(fence.private_folder(database.parent) / "staged", rows=3, journal="delete")


def test_a_staged_database_takes_the_place_of_the_old_one(database: Path, staged: Path) -> None:
    swaps.install(database.parent, database, staged, 1)
    assert count(database) == 3
    assert not staged.exists()


def test_a_log_of_the_old_database_is_not_played_into_the_new_one(database: Path, staged: Path) -> None:
    leave_a_log(database, "DELETE FROM students WHERE id > 40")
    wanted = digest(staged)
    swaps.install(database.parent, database, staged, 1)
    assert digest(database) == wanted


def test_an_overtaken_worker_exchanges_nothing(database: Path, staged: Path) -> None:
    before = digest(database)
    with fence.held(database.parent, 5):
        pass
    for call in (swaps.install, swaps.keep, swaps.settle):
        with pytest.raises(LeaseLost):
            call(database.parent, database, staged, 4)
    assert digest(database) == before
    assert count(staged) == 3


def test_the_kept_database_is_the_same_file(database: Path, staged: Path) -> None:
    kept = staged.with_name("before")
    swaps.keep(database.parent, database, kept, 1)
    assert kept.stat().st_ino == database.stat().st_ino
    swaps.install(database.parent, database, staged, 1)
    assert (count(kept), count(database)) == (50, 3)


def test_keeping_again_keeps_what_is_there_now(database: Path, staged: Path) -> None:
    kept = staged.with_name("before")
    kept.write_bytes(b"of an earlier try")
    swaps.keep(database.parent, database, kept, 1)
    assert count(kept) == 50


def test_where_there_is_no_database_nothing_is_kept(database: Path) -> None:
    database.unlink()
    kept = fence.private_folder(database.parent) / "before"
    swaps.keep(database.parent, database, kept, 1)
    assert not kept.exists()
    assert swaps.settle(database.parent, database, kept, 1) == "There was no database."


def test_settling_brings_the_log_into_the_database(database: Path) -> None:
    leave_a_log(database, "DELETE FROM students WHERE id > 40")
    aside = fence.private_folder(database.parent) / "aside"
    assert "was written back" in swaps.settle(database.parent, database, aside, 1)
    assert {path.name for path in database.parent.iterdir()} == {database.name, ".smsops"}
    assert count(database) == 40
    assert not aside.exists()


def test_the_log_of_a_database_that_cannot_be_opened_is_kept_as_evidence(database: Path) -> None:
    database.write_bytes(b"not a database at all")
    side_file(database, "-wal").write_bytes(b"its log")
    aside = fence.private_folder(database.parent) / "aside"
    assert "could not be opened" in swaps.settle(database.parent, database, aside, 1)
    assert (aside / "database-wal").read_bytes() == b"its log"
    assert not side_file(database, "-wal").exists()


def test_what_was_moved_aside_can_be_put_back(database: Path) -> None:
    database.write_bytes(b"not a database at all")
    side_file(database, "-wal").write_bytes(b"its log")
    aside = fence.private_folder(database.parent) / "aside"
    swaps.settle(database.parent, database, aside, 1)
    swaps.unsettle(database.parent, database, aside, 1)
    assert side_file(database, "-wal").read_bytes() == b"its log"
    assert not aside.exists()


def test_a_database_that_is_in_use_is_not_settled(database: Path) -> None:
    aside = fence.private_folder(database.parent) / "aside"
    leave_a_log(database, "DELETE FROM students WHERE id > 40")
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("SELECT count(*) FROM students").fetchone()
        with pytest.raises(OpsError, match="still in use") as caught:
            swaps.settle(database.parent, database, aside, 1)
    assert caught.value.transient
    assert not aside.exists()


def test_a_copy_is_owned_like_its_model(database: Path, tmp_path: Path) -> None:
    database.chmod(0o640)
    if root():
        os.chown(database, 1234, 4321)
    copy = Path(shutil.copy(database, tmp_path / "copy.db"))
    copy.chmod(0o600)
    swaps.own_like(copy, database)
    model, like = database.stat(), copy.stat()
    assert (like.st_mode, like.st_uid, like.st_gid) == (model.st_mode, model.st_uid, model.st_gid)
