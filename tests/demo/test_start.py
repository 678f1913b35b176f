"""What happens between the start of the entrypoint and the first request."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.native import Native

Trees = Callable[[str], Path]


def copied(database: Path) -> bytes:
    """The database as an online backup sees it."""
    target = sqlite3.connect(":memory:")
    with sqlite3.connect(database) as source:
        source.backup(target)
    return target.serialize()


@pytest.fixture(scope="module")
def first(tree: Trees, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Native]:
    """A first start as in a container: no database yet, a weak key that nothing forbids."""
    root = tmp_path_factory.mktemp("first")
    url = f"sqlite:///{root}/new/folder/school.db"
    switches = {"SMS_EXECUTION_MODE": "docker", "SMS_ENV": "production", "SECRET_KEY": "short"}
    with Native(tree("1.19.0"), root / "unused.db", DATABASE_URL=url, **switches) as running:
        yield running.started()


def test_a_start_on_a_database_in_order_writes_nothing(launch: Any, database: Path) -> None:
    file, backup = database.read_bytes(), copied(database)
    sms = launch().started()
    assert sms.get("/health").status == 200
    sms.stop()
    assert copied(database) == backup
    assert database.read_bytes() == file


def test_it_stops_within_seconds(launch: Any) -> None:
    assert launch().started().stop() < 5


@pytest.mark.parametrize(
    "marker",
    [
        "DATABASE MIGRATION CHECK",
        "Using DATABASE_URL: sqlite:////",
        "Alembic migrations applied successfully",
        "OK: Database migrations applied successfully",
        "[run_migrations] EXIT OK",
        "Starting Uvicorn server (exec)",
    ],
)
def test_a_first_start_migrates_and_says_so(first: Native, marker: str) -> None:
    assert marker in first.log


def test_a_later_start_prints_the_same_verdict(sms: Native) -> None:
    assert "nothing to apply" in sms.log
    assert "OK: Database migrations applied successfully\n[run_migrations] EXIT OK" in sms.log


def test_the_access_log_is_printed(sms: Native) -> None:
    sms.get("/health/live?mark")
    assert '"GET /health/live?mark HTTP/1.1" 200' in sms.log


def test_an_administrator_is_created_on_an_empty_database(first: Native) -> None:
    assert first.login().status == 200
    assert "Administrator admin@school.example created" in first.log


def test_an_existing_administrator_keeps_the_password(launch: Any) -> None:
    assert launch(DEFAULT_ADMIN_PASSWORD="another-password").started().login().status == 200


def test_migrations_can_be_skipped(launch: Any, old_school: Path, tmp_path: Path) -> None:
    database = tmp_path / "old.db"
    database.write_bytes(old_school.read_bytes())
    sms = launch("1.19.0", on=database, SMS_SKIP_MIGRATIONS="1").started()
    assert "SMS_SKIP_MIGRATIONS set; skipping automatic DB migrations" in sms.log
    assert sms.get("/health").json["checks"]["migrations"]["message"] == "Database migrations may be outdated"
    assert sms.get("/api/v1/students/").status == 500


def test_an_older_release_refuses_a_newer_schema(launch: Any) -> None:
    sms = launch("1.18.1")
    assert sms.ended() == 2
    assert "Can't locate revision identified by 'e82b46c1d7f0'" in sms.log
    assert "ERROR: Migration failed with exit code 1" in sms.log
    assert "--- BEGIN migrations.log ---" in sms.log


def test_after_a_downgrade_the_older_release_starts(
    launch: Any, alembic: Callable[..., str], tree: Trees, database: Path
) -> None:
    alembic(tree("1.19.0"), database, "downgrade", "-1")
    assert launch("1.18.1").started().get("/health/ready").status == 200


def test_alembic_answers_in_the_backend_folder(
    alembic: Callable[..., str], tree: Trees, old_school: Path, database: Path
) -> None:
    merge = "merge_accounts_soft_delete (head) (mergepoint)\n"
    assert alembic(tree("1.18.0"), old_school, "current") == merge
    assert alembic(tree("1.19.0"), database, "heads") == "e82b46c1d7f0 (head)\n"
    assert "merge_accounts_soft_delete -> e82b46c1d7f0 (head)" in alembic(tree("1.19.0"), database, "history")


def test_every_migration_can_be_undone_and_matches_the_models(
    alembic: Callable[..., str], tree: Trees, tmp_path: Path
) -> None:
    steps = (("upgrade", "heads"), ("check",), ("downgrade", "base"), ("current",))
    _, checked, _, current = [alembic(tree("1.19.0"), tmp_path / "walk.db", *step) for step in steps]
    assert "No new upgrade operations detected" in checked
    assert current == ""


@pytest.mark.parametrize(
    ("switches", "words"),
    [
        (
            {"SECRET_KEY": "short", "SECRET_KEY_STRICT_ENFORCEMENT": "1"},
            "refusing to start with a weak SECRET_KEY",
        ),
        (
            {"SECRET_KEY": "please-change-me-please-change-me-now", "AUTH_ENABLED": "true"},
            "it contains 'change'",
        ),
        ({"SMS_ENV": "production"}, "only allowed inside the container"),
        (
            {"DATABASE_URL": "mysql://sms@localhost/sms"},
            "DATABASE_URL must start with sqlite:/// or postgresql://",
        ),
        ({"SMS_PORT": "eighty"}, "SMS_PORT must be a whole number"),
        ({"SMS_ERA": "d"}, "SMS_ERA must be one of a, b, c"),
    ],
)
def test_a_wrong_environment_is_exit_1_with_a_reason(launch: Any, switches: dict[str, str], words: str) -> None:
    sms = launch(**switches)
    assert sms.ended() == 1
    assert words in sms.log


def test_a_weak_key_is_only_named_when_nothing_enforces_it(first: Native) -> None:
    assert "SECRET_KEY SECURITY ISSUE: it has 5 characters" in first.log


def test_a_folder_that_cannot_hold_a_database_is_exit_2(launch: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert launch(on=tmp_path / "file.db", DATABASE_URL=f"sqlite:///{tmp_path}/file/x.db").ended() in (2, 3)


def test_docker_mode_listens_everywhere_and_production_is_allowed(first: Native) -> None:
    assert "Uvicorn running on http://0.0.0.0:" in first.log
    assert first.get("/health").json["environment"] == "docker"


def test_a_taken_port_ends_the_server(launch: Any, sms: Native) -> None:
    assert launch(SMS_PORT=str(sms.port)).ended() != 0
