"""Every broken release breaks in its own way, and in no other."""

from __future__ import annotations

import re
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.native import Native, wait_for

BROKEN = [f"1.20.{number}" for number in range(1, 11)]
ADDRESS_SPACE = 1024**3
Broken = Callable[[int], Native]


@pytest.fixture(scope="module")
def databases(new_school: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    root = tmp_path_factory.mktemp("broken")
    return {number: Path(shutil.copy(new_school, root / f"{number}.db")) for number in range(1, 11)}


@pytest.fixture(scope="module")
def broken(tree: Callable[[str], Path], databases: dict[int, Path]) -> Iterator[Broken]:
    """All of them, started together: they mostly wait."""
    running = {number: Native(tree(f"1.20.{number}"), databases[number]) for number in databases}
    resource.prlimit(running[4].process.pid, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    yield running.__getitem__
    for sms in running.values():
        sms.kill()


def count(database: Path, condition: str = "1") -> int:
    with sqlite3.connect(database) as connection:
        return int(connection.execute(f"SELECT count(*) FROM students WHERE {condition}").fetchone()[0])


def test_1_20_1_cannot_import_a_library_nobody_installed(broken: Broken) -> None:
    assert broken(1).ended() == 1
    assert "ModuleNotFoundError: No module named 'fastapi_pagination'" in broken(1).log
    assert "[run_migrations] EXIT OK" in broken(1).log


def test_1_20_2_fails_half_way_through_its_migration(broken: Broken, databases: dict[int, Path]) -> None:
    assert broken(2).ended() == 2
    assert "EXCEPTION: OperationalError: (sqlite3.OperationalError) no such table: attendance" in broken(2).log
    with sqlite3.connect(databases[2]) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("e82b46c1d7f0",)]
    assert count(databases[2], "preferred_language IS NULL") == 300


def test_1_20_2_fails_the_same_way_at_every_restart(broken: Broken, databases: dict[int, Path], launch: Any) -> None:
    assert broken(2).ended() == 2
    again = launch("1.20.2", on=databases[2])
    assert again.ended() == 2
    assert "no such table: attendance" in again.log


@pytest.mark.parametrize("path", ["/", "/health", "/health/live", "/metrics", "/api/v1/students/"])
def test_1_20_3_answers_everything_with_500(broken: Broken, path: str) -> None:
    assert broken(3).started().get(path).status == 500
    wait_for(lambda: "AttributeError: 'State' object has no attribute 'user'" in broken(3).log, "a traceback")


def test_1_20_4_runs_out_of_memory_and_is_killed(broken: Broken) -> None:
    assert broken(4).ended() == -signal.SIGKILL
    assert "Uvicorn running" in broken(4).log
    assert "MemoryError" in broken(4).log


def test_1_20_5_gives_tokens_it_then_refuses(broken: Broken) -> None:
    login = broken(5).started().login()
    assert login.status == 200
    assert broken(5).get("/api/v1/auth/me", login.json["access_token"]).status == 401
    assert "Signature verification failed" in broken(5).log
    assert broken(5).get("/health").json["status"] == "healthy"


def test_1_20_6_links_a_bundle_that_is_not_there(broken: Broken) -> None:
    page = broken(6).started().get("/")
    bundle = re.search(r"/assets/index-\w+\.js", page.body.decode())
    assert bundle is not None
    assert (page.status, broken(6).get(bundle[0]).status) == (200, 404)


def test_1_20_7_deletes_a_third_of_the_students(broken: Broken, databases: dict[int, Path]) -> None:
    assert broken(7).started().get("/health").json["status"] == "healthy"
    assert count(databases[7]) == 200


def test_1_20_8_blanks_most_students_but_keeps_the_rows(broken: Broken, databases: dict[int, Path]) -> None:
    assert broken(8).started().get("/health").json["statistics"]["students"] == 300
    assert count(databases[8], "first_name = '' AND last_name = '' AND email IS NULL") == 297
    assert broken(8).get("/api/v1/students/").json["items"][0]["email"] is None


def test_1_20_9_is_healthy_and_alive_but_never_ready(broken: Broken) -> None:
    sms = broken(9).started()
    assert [sms.get(path).status for path in ("/health", "/health/live", "/health/ready")] == [200, 200, 503]
    assert sms.get("/health/ready").json["detail"]["checks"]["warm_up"]["status"] == "degraded"


def test_1_20_10_is_healthy_but_deaf_to_sigterm(broken: Broken) -> None:
    sms = broken(10).started()
    sms.process.terminate()
    wait_for(lambda: "SIGTERM received" in sms.log, "the signal to arrive")
    assert sms.get("/health").json["status"] == "healthy"
    assert sms.process.poll() is None


@pytest.mark.parametrize("number", [1, 3, 4, 5, 6, 9, 10])
def test_the_others_leave_the_students_alone(
    broken: Broken, databases: dict[int, Path], new_school: Path, number: int
) -> None:
    wait_for(lambda: "Starting Uvicorn" in broken(number).log, "a start")
    if number not in (1, 4):
        broken(number).started()
    rows = "SELECT * FROM students ORDER BY id"
    with sqlite3.connect(databases[number]) as now, sqlite3.connect(new_school) as before:
        assert now.execute(rows).fetchall() == before.execute(rows).fetchall()


def test_going_back_to_1_19_0_after_1_20_2_works(broken: Broken, databases: dict[int, Path], launch: Any) -> None:
    assert broken(2).ended() == 2
    assert launch("1.19.0", on=databases[2]).started().get("/health/ready").status == 200
