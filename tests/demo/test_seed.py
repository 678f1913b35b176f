"""The seeded school."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from demo import school
from demo.native import ADMIN
from demo.seeding import Order, RefusedError, make


def seed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo.seed", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def query(database: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(database) as connection:
        return connection.execute(sql).fetchall()


def test_the_school_is_sound(old_school: Path) -> None:
    assert query(old_school, "PRAGMA integrity_check") == [("ok",)]
    assert query(old_school, "PRAGMA foreign_key_check") == []
    assert query(old_school, "SELECT count(*), count(DISTINCT email) FROM students") == [(300, 300)]
    assert query(old_school, "SELECT count(*) FROM courses") == [(24,)]
    assert query(old_school, "SELECT version_num FROM alembic_version") == [("merge_accounts_soft_delete",)]


@pytest.mark.parametrize(
    "table",
    ["course_enrollments", "grades", "attendances", "daily_performances", "highlights", "audit_logs"],
)
def test_every_table_has_rows(old_school: Path, table: str) -> None:
    assert query(old_school, f"SELECT count(*) FROM {table}") > [(5,)]


def test_the_same_seed_makes_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "same"):
        make(Order(tmp_path / name, students=30, random_seed=1))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "same").read_bytes()


def test_another_seed_makes_another_school() -> None:
    one, other = (list(school.students(Random(seed), 30)) for seed in (1, 2))
    assert one != other


def test_it_grows_to_the_size_asked_for(tmp_path: Path) -> None:
    done = seed("--database", str(tmp_path / "big.db"), "--size", "50M")
    assert done.returncode == 0
    assert abs((tmp_path / "big.db").stat().st_size / (50 * 1024**2) - 1) < 0.05
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.db"]


def test_a_size_below_the_students_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="larger --size"):
        make(Order(tmp_path / "small.db", students=30, size=1024))
    assert list(tmp_path.iterdir()) == []


def test_an_existing_database_is_refused_with_one_sentence(old_school: Path) -> None:
    before = old_school.read_bytes()
    done = seed("--database", str(old_school))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "--replace" in done.stderr
    assert old_school.read_bytes() == before


def test_replacing_leaves_no_log_of_the_old_database(tmp_path: Path) -> None:
    database = tmp_path / "school.db"
    database.write_bytes(b"old")
    (tmp_path / "school.db-wal").write_bytes(b"old")
    make(Order(database, students=10, replace=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["school.db"]
    assert query(database, "SELECT count(*) FROM students") == [(10,)]


def test_users_are_made_only_when_asked_for(old_school: Path, tmp_path: Path) -> None:
    make(Order(tmp_path / "school.db", students=10))
    assert query(tmp_path / "school.db", "SELECT count(*) FROM users") == [(0,)]
    assert query(old_school, "SELECT email, role FROM users") == [(ADMIN[0], "admin")]


@pytest.mark.parametrize(
    "arguments",
    [["--size", "big"], ["--students", "0"], ["--admin-email", "a@b.example"], ["--random-seed", "x"]],
)
def test_wrong_words_are_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    assert seed("--database", str(tmp_path / "x.db"), *arguments).returncode == 2
    assert list(tmp_path.iterdir()) == []
