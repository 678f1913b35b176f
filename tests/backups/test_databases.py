"""What every database driver promises the steps: the same for an SQLite file and for PostgreSQL."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from backups.services.databases.base import Database, Reader, Work
from backups.services.databases.postgres import PostgresDatabase
from backups.services.databases.sqlite import SqliteDatabase
from backups.vault.manifest import Manifest
from backups.vault.store import Stored
from smsops.errors import OpsError
from smsops.runtimes.registry import runtime_for
from tests.backups.books import describer
from tests.backups.clusters import REVISION, Cluster
from tests.backups.databases import make
from tests.factories import make_environment

TABLES = ["students", "grades"]


@dataclass
class Bank:
    """A database of 50 students, a run that works on it, and a way to change it behind their backs."""

    database: Database
    work: Work
    execute: Callable[[str], object]
    count: Callable[[], int]
    beside: Callable[[], set[str]]

    def copy(self, name: str = "copy") -> Path:
        """A stored copy."""
        self.work.folder.mkdir(exist_ok=True)
        target = self.work.folder.parent / f"{name}-snapshot"
        self.database.snapshot(target)
        return self.database.lay_out(target, None)

    def read_from(self, copy: Path) -> Reader:
        """What the vault does: builds the copy where it is told."""
        facts = self.database.facts(copy)

        def read(target: Path, beside: Callable[[], object]) -> Manifest:
            target.write_bytes(copy.read_bytes())
            beside()
            found = vars(describer("b1")(Stored(0, 0, 0, "", []))) | {"row_counts": facts.row_counts}
            return Manifest(**(found | {"schema_revision": facts.schema_revision}))

        return read

    def stage(self, copy: Path) -> None:
        self.database.stage(self.work, self.read_from(copy), copy.stat().st_size)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bank(request: pytest.FixtureRequest, tmp_path: Path, db: None) -> Bank:
    work = Work(7, 3, tmp_path / "work", lambda: None)
    if request.param == "postgresql":
        server: Cluster = request.getfixturevalue("server")
        url = server.new()
        beside = lambda: {name for name in server.databases() if name.startswith(url.name)} - {url.name}  # noqa: E731
        database: Database = PostgresDatabase(url)
        return Bank(database, work, lambda text: server.execute(url.name, text), lambda: server.students(url), beside)
    environment = make_environment(database_file="school.db")
    file = make(runtime_for(environment).data_folder() / "school.db")
    return Bank(
        SqliteDatabase(runtime_for(environment), "school.db"),
        work,
        lambda text: run_sql(file, text),
        lambda: run_sql(file, "SELECT count(*) FROM students")[0][0],
        lambda: {path.name for path in (file.parent / ".smsops").iterdir()} - {"lock", "fence.json"},
    )


def run_sql(file: Path, text: str) -> list[tuple[int, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        return connection.execute(text).fetchall()


def test_the_live_one_is_described(bank: Bank) -> None:
    assert bank.database.exists()
    assert bank.database.size() > 4096
    assert bank.database.row_counts()["students"] == 50
    assert bank.database.revision() == REVISION


def test_a_stored_copy_is_described_and_proven(bank: Bank) -> None:
    copy = bank.copy()
    facts, proven = bank.database.facts(copy), bank.database.prove(copy, bank.work)
    assert (facts.problem, facts.schema_revision, proven.problem) == ("", REVISION, "")
    assert facts.row_counts == proven.row_counts == bank.database.row_counts()


def test_a_copy_that_is_no_copy_has_a_problem(bank: Bank) -> None:
    copy = bank.copy()
    copy.write_bytes(b"\xff" * 9000)
    assert bank.database.facts(copy).problem


def test_staging_and_unstaging_leave_the_live_one_alone(bank: Bank) -> None:
    copy = bank.copy()
    bank.execute("DELETE FROM grades")
    bank.stage(copy)
    assert bank.database.staged(bank.work)
    assert bank.database.row_counts()["grades"] == 0
    bank.database.unstage(bank.work)
    assert not bank.database.staged(bank.work)
    assert bank.beside() == set()


def test_staging_twice_is_as_good_as_once(bank: Bank) -> None:
    copy = bank.copy()
    bank.stage(copy)
    bank.stage(copy)
    assert bank.database.staged(bank.work)
    assert len(bank.beside()) == 1


def test_a_copy_with_other_rows_than_its_manifest_is_not_staged(bank: Bank) -> None:
    read = bank.read_from(bank.copy())
    bank.execute("DELETE FROM grades")
    other = bank.copy("other")

    def mixed_up(target: Path, beside: Callable[[], object]) -> Manifest:
        manifest = read(target, lambda: None)
        target.write_bytes(other.read_bytes())
        beside()
        return manifest

    with pytest.raises(OpsError, match="does not have the rows its manifest says"):
        bank.database.stage(bank.work, mixed_up, 1000)
    assert not bank.database.staged(bank.work)


def exchanged(bank: Bank) -> None:
    """Fifty students are staged while there are 49, and take their place."""
    copy = bank.copy()
    bank.execute("DELETE FROM grades")
    bank.execute("DELETE FROM students WHERE id = 1")
    bank.stage(copy)
    bank.database.settle(bank.work)
    assert bank.database.keep(bank.work)
    bank.database.swap(bank.work)


def test_the_copy_takes_the_place_of_the_live_one(bank: Bank) -> None:
    exchanged(bank)
    assert bank.count() == 50
    assert not bank.database.staged(bank.work)


def test_a_second_exchange_is_refused(bank: Bank) -> None:
    exchanged(bank)
    with pytest.raises(OpsError, match="is gone from"):
        bank.database.swap(bank.work)
    assert bank.count() == 50


def test_the_exchange_is_taken_back_and_twice_is_as_good_as_once(bank: Bank) -> None:
    exchanged(bank)
    assert bank.database.swap_back(bank.work)
    assert not bank.database.swap_back(bank.work)
    assert bank.count() == 49
    for undo in (bank.database.unkeep, bank.database.unsettle, bank.database.unstage):
        undo(bank.work)
    assert bank.beside() == set()


def test_the_old_one_can_be_stored_and_let_go(bank: Bank) -> None:
    exchanged(bank)
    old = bank.database.old(bank.work)
    assert old is not None
    assert bank.database.facts(bank.database.lay_out(old, None)).row_counts["students"] == 49
    bank.database.forget_old(bank.work)
    assert bank.database.old(bank.work) is None
    assert bank.beside() == set()


def test_a_person_finds_the_commands_that_bring_the_old_one_back(bank: Bank) -> None:
    exchanged(bank)
    commands = bank.database.by_hand(bank.work)
    assert len(commands) == 2
    assert bank.database.name in commands[-1]


def test_a_held_copy_shows_what_a_release_did(bank: Bank) -> None:
    facts = bank.database.hold(bank.work)
    assert facts is not None
    assert facts.row_counts["students"] == 50
    bank.execute("DELETE FROM grades WHERE id > 30")
    bank.execute("UPDATE students SET name = '' WHERE id <= 5")
    bank.execute("INSERT INTO students (name) VALUES ('new')")
    students, grades = bank.database.compare(bank.work, TABLES)
    assert (grades.before, grades.after, grades.removed, grades.changed) == (50, 30, 20, 0)
    assert (students.before, students.after, students.removed, students.changed, students.blanked) == (50, 51, 0, 5, 5)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE alembic_version SET version_num = 'other'", f"the schema had moved from {REVISION} to other."),
        ("ALTER TABLE grades ADD COLUMN more text", "the schema had been changed half-way."),
        ("DELETE FROM grades", "grades lost 50 of 50 rows."),
        ("DROP TABLE notes", "the schema had been changed half-way."),
        ("INSERT INTO grades (student, mark) VALUES (1, 2)", ""),
    ],
)
def test_a_spoiled_database_is_told_from_one_people_worked_in(bank: Bank, statement: str, reason: str) -> None:
    bank.database.hold(bank.work)
    bank.execute(statement.replace("notes", "noise") if bank.database.engine == "sqlite" else statement)
    assert bank.database.spoiled(bank.work, TABLES) == reason


def test_a_held_copy_is_put_back(bank: Bank) -> None:
    bank.database.hold(bank.work)
    bank.execute("DELETE FROM grades")
    bank.database.put_back(bank.work)
    bank.database.release(bank.work)
    assert bank.database.row_counts()["grades"] == 50
    assert not bank.database.held(bank.work)
    assert bank.beside() == set()


def test_a_held_copy_is_let_go_and_nothing_happens(bank: Bank) -> None:
    bank.database.hold(bank.work)
    assert bank.database.held(bank.work)
    bank.database.release(bank.work)
    bank.database.release(bank.work)
    assert bank.count() == 50
    assert bank.beside() == set()
