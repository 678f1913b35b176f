"""A live database read from where nothing can be written: a second mount of its folder, as web has it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups.engines.sqlite import SqliteEngine, connect
from smsops.errors import OpsError
from tests.backups.databases import REVISION, change, leave_a_log, make

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a folder")

ENGINE = SqliteEngine()


@pytest.fixture
def looked_at(database: Path, tmp_path: Path) -> Iterator[Path]:
    """The database by the other mount, which is read-only."""
    window = tmp_path / "window"
    window.mkdir()
    subprocess.run(["mount", "--bind", str(database.parent), str(window)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(window)], check=True)
        yield window / database.name
    finally:
        subprocess.run(["umount", str(window)], check=True)


def test_a_database_nobody_has_open_is_read(looked_at: Path) -> None:
    assert ENGINE.row_counts(looked_at)["students"] == 50
    assert (ENGINE.revision(looked_at), ENGINE.filled(looked_at, "students", "email")) == (REVISION, 50)
    assert [path.name for path in looked_at.parent.iterdir()] == [looked_at.name]


def test_what_is_in_the_log_only_is_read_while_sms_has_it_open(database: Path, looked_at: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as sms:
        sms.execute("DELETE FROM students WHERE id <= 10")
        sms.commit()
        assert ENGINE.row_counts(looked_at)["students"] == 40


def test_what_is_in_the_log_of_an_sms_that_was_killed_is_read(database: Path, looked_at: Path) -> None:
    leave_a_log(database, "DELETE FROM students WHERE id <= 10")
    assert ENGINE.row_counts(looked_at)["students"] == 40


def test_a_database_without_a_log_is_read(database: Path, looked_at: Path) -> None:
    database.unlink()
    make(database, journal="delete")
    assert ENGINE.row_counts(looked_at)["students"] == 50


def test_what_sms_writes_to_the_log_meanwhile_changes_nothing(database: Path, looked_at: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as sms, connect(looked_at) as connection:
        sms.execute("DELETE FROM students WHERE id <= 10")
        sms.commit()
        assert connection.execute("SELECT count(*) FROM students").fetchone() == (50,)


def test_what_was_read_while_the_file_was_written_to_counts_for_nothing(database: Path, looked_at: Path) -> None:
    with pytest.raises(OpsError) as caught, connect(looked_at) as connection:
        assert connection.execute("SELECT count(*) FROM students").fetchone() == (50,)
        change(database, "DELETE FROM students WHERE id <= 10")  # closed behind it, and so brought into the file
    assert str(caught.value) == f"SMS wrote to {database.name} while it was read. Try again."
    assert caught.value.transient
    assert ENGINE.row_counts(looked_at)["students"] == 40


def test_an_error_of_a_file_that_was_written_to_is_not_called_damage(database: Path, looked_at: Path) -> None:
    with pytest.raises(OpsError, match="SMS wrote to"), connect(looked_at) as connection:
        change(database, "DROP TABLE grades")
        connection.execute("SELECT count(*) FROM grades_of_nobody")
