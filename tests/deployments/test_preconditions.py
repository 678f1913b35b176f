"""Each precondition of runbook §1: it passes, it warns, it fails, and says what to do."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from deployments.checks import data, host, images, registry, secrets
from deployments.checks.base import PRECONDITIONS, Check, Result, Target
from deployments.services import preflight
from smsops.models import Environment
from smsops.runtimes.registry import runtime_for
from tests.factories import make_backup, make_environment, make_instance, make_release
from tests.places import SECRET_KEY, Place, free_port, wait_for

pytestmark = pytest.mark.django_db


def asked(check: Check, environment: Environment, **target: Any) -> Result:
    return check.run(Target(environment, **{"version": "1.18.0", **target}))


def with_key(tmp_path: Path, text: str) -> Environment:
    path = tmp_path / "sms.env"
    path.write_text(text)
    return make_environment(env_file=str(path))


def database(environment: Environment, *revisions: str) -> Path:
    """A database at these revisions; without any it has not even Alembic's table."""
    path = Path(environment.data_path) / environment.database_file
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE students (id INTEGER PRIMARY KEY)")
        if revisions:
            connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
            connection.executemany("INSERT INTO alembic_version VALUES (?)", [(each,) for each in revisions])
    return path


def said(result: Result) -> str:
    return f"{result.verdict} {result.detail}"


MAKE_ONE = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'


@pytest.mark.parametrize(
    ("text", "verdict", "detail"),
    [
        (f"SECRET_KEY={SECRET_KEY}", "pass", f"SECRET_KEY is strong ({len(SECRET_KEY)} characters)."),
        ("SECRET_KEY=" + "k" * 40, "warn", "SECRET_KEY has 40 characters; the runbook asks for 48."),
        ("SECRET_KEY=" + "k" * 31, "fail", "SECRET_KEY is weak: it has 31 characters, and SMS refuses less than 32; D"),
        (
            "SECRET_KEY=please-CHANGE-me-" + "k" * 60,
            "fail",
            "SECRET_KEY is weak: it contains “change”, and SMS refuses",
        ),
        ("SECRET_KEY=placeholder-" + "k" * 60, "fail", "SECRET_KEY is weak: it contains “placeholder”, and SMS"),
        (
            "SECRET_KEY=your-secret-key-" + "k" * 60,
            "fail",
            "SECRET_KEY is weak: it contains “your-secret-key”, and SMS",
        ),
        ("SECRET_KEY=example-" + "k" * 60, "fail", "SECRET_KEY is weak: it contains “example”, and DOCKER.ps1"),
        ("SECRET_KEY=your-secret-" + "k" * 60, "fail", "SECRET_KEY is weak: it contains “your-secret”, and DOCKER.ps1"),
        ("SECRET_KEY=Local-Dev-Secret" + "k" * 60, "fail", "SECRET_KEY is weak: it contains “local-dev-secret”, and D"),
        ("SECRET_KEY=dev-placeholder" + "k" * 60, "fail", "SECRET_KEY is weak: it contains “placeholder”, and SMS"),
        (f"SECRET_KEY={SECRET_KEY}\nCI=true", "warn", "CI is set: SMS may sign with a key of its own"),
        (f"SECRET_KEY={SECRET_KEY}\nCI_ALLOW_INSECURE_SECRET=0", "pass", "SECRET_KEY is strong"),
        ("SECRET_KEY=", "fail", "SECRET_KEY is missing from the env file."),
        ("OTHER=1\n#SECRET_KEY=" + "k" * 60, "fail", "SECRET_KEY is missing from the env file."),
    ],
)
def test_the_secret_key_must_be_there_and_strong(tmp_path: Path, text: str, verdict: str, detail: str) -> None:
    result = asked(secrets.Secrets(), with_key(tmp_path, text + "\n"))
    assert said(result).startswith(f"{verdict} {detail}")
    assert result.fix in {"pass": [""], "warn": [MAKE_ONE, "Take CI out of the env file."], "fail": [MAKE_ONE]}[verdict]


def test_a_random_key_that_happens_to_hold_the_word_is_refused_and_says_so(tmp_path: Path) -> None:
    key = f"{SECRET_KEY[:20]}cHaNGe{SECRET_KEY[20:]}"
    result = asked(secrets.Secrets(), with_key(tmp_path, f"SECRET_KEY={key}\n"))
    assert result.verdict == "fail"
    assert "SMS refuses every key with that word, although it looks random: make another one" in result.detail
    assert "DOCKER.ps1 -Start would silently put another in its place" in result.detail


def test_a_secret_key_is_never_shown(tmp_path: Path) -> None:
    key = "change-k9Jx" * 5
    assert key not in str(asked(secrets.Secrets(), with_key(tmp_path, f"SECRET_KEY={key}\n")))


def test_without_an_env_file_the_key_cannot_be_judged() -> None:
    result = asked(secrets.Secrets(), make_environment())
    assert (result.verdict, result.fix) == ("warn", "Set the env file.")


@pytest.mark.parametrize(("text", "why"), [(None, "cannot be read"), ("no assignment", "Line 1")])
def test_an_env_file_that_cannot_be_read_is_a_failure_and_no_crash(tmp_path: Path, text: str | None, why: str) -> None:
    environment = with_key(tmp_path, text or "")
    if text is None:
        Path(environment.env_file).unlink()
    result = by_key(preflight.preconditions(make_release(environment)), "secrets")
    assert result.verdict == "fail"
    assert why in result.detail


def by_key(results: list[Result], key: str) -> Result:
    return next(result for result in results if result.key == key)


def test_an_image_that_is_there_passes() -> None:
    environment = make_environment()
    release = make_release(environment)
    result = asked(images.ImagePresent(), environment, image_id=release.image_id)
    assert said(result) == f"pass 1.18.0 is {release.image_id[:19]}."


def test_a_release_without_an_image_fails_and_says_what_to_do() -> None:
    result = asked(images.ImagePresent(), make_environment())
    assert said(result) == "fail There is no image of release 1.18.0."
    assert result.fix == "Build or load the image, then import the releases again."


def test_an_image_that_went_away_since_the_import_fails() -> None:
    result = asked(images.ImagePresent(), make_environment(), image_id="tree:gone")
    assert said(result) == "fail The image of 1.18.0 is gone from the engine."
    assert result.fix == "Build or load it again."


def test_a_recent_good_backup_passes() -> None:
    backup = make_backup()
    assert said(asked(data.RecentBackup(), backup.environment)).startswith(f"pass {backup.identifier}")


def test_without_a_backup_it_warns_that_the_deploy_takes_one() -> None:
    backup = make_backup(damage="bit rot")
    result = asked(data.RecentBackup(), backup.environment)
    assert said(result) == "warn There is no good backup yet; the deploy takes one first."


@pytest.mark.parametrize(("hours", "verdict"), [(23, "pass"), (25, "warn")])
def test_a_backup_is_recent_for_a_day(hours: int, verdict: str) -> None:
    backup = make_backup(taken_at=timezone.now() - timedelta(hours=hours))
    assert asked(data.RecentBackup(), backup.environment).verdict == verdict


def test_the_database_is_found_with_its_size() -> None:
    environment = make_environment()
    database(environment)
    result = asked(data.DataReachable(), environment)
    assert result.verdict == "pass"
    assert "student_management.db is there, 8.2 kB." in result.detail


def test_a_missing_database_is_a_first_installation() -> None:
    environment = make_environment()
    result = asked(data.DataReachable(), environment)
    assert said(result) == f"warn There is no database in {environment.data_path} yet; a first installation makes one."


def test_a_missing_data_folder_fails_every_check_that_needs_it_and_says_what_to_do() -> None:
    environment = make_environment()
    Path(environment.data_path).rmdir()
    results = preflight.preconditions(make_release(environment))
    for key in ("volume", "disk", "schema"):
        assert by_key(results, key).verdict == "fail"
        assert by_key(results, key).fix == "Check the environment's data path."


def test_a_release_that_says_what_it_is_passes() -> None:
    result = asked(images.VersionStated(), make_environment())
    assert said(result) == "pass 1.18.0: tag, VERSION and CHANGELOG agree."


def test_what_was_odd_at_the_import_is_a_warning() -> None:
    result = asked(images.VersionStated(), make_environment(), notes="The file VERSION says “1.17.9”.")
    assert said(result) == "warn The file VERSION says “1.17.9”."
    assert result.fix == "Check that this is the release you mean."


def test_enough_room_passes() -> None:
    environment = make_environment()
    database(environment)
    assert asked(data.DiskSpace(), environment).verdict == "pass"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "smsops-tests", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk")
def test_a_disk_without_room_for_the_copies_fails(small_disk: Path) -> None:
    environment = make_environment(data_path=str(small_disk))
    (small_disk / environment.database_file).write_bytes(b"x" * 20_000)
    result = asked(data.DiskSpace(), environment)
    assert said(result) == "fail 45.1 kB are left beside the database; 60.0 kB are needed."
    assert result.fix == "Make room."


def test_a_free_port_passes() -> None:
    port = free_port()
    assert said(asked(host.PortFree(), make_environment(host_port=port))) == f"pass {port} is free."


def test_a_port_of_another_program_fails_and_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = asked(host.PortFree(), make_environment(host_port=port))
    assert said(result) == f"fail Port {port} is in use by another program."
    assert result.fix == "End it or choose another port."


def test_a_port_that_sms_itself_uses_passes(process_place: Place) -> None:
    environment = process_place.environment
    release = make_release(make_environment(), program="import signal\nsignal.pause()\n")
    environment.releases_path = release.environment.releases_path
    make_instance(environment, release)
    runtime_for(environment).start(environment.instance)
    wait_for(lambda: process_place.running_version(), "the start")
    assert said(asked(host.PortFree(), environment)) == f"pass {environment.host_port} is SMS's own."


def schema(*at: str, knows: tuple[str, ...], heads: str) -> Result:
    environment = make_environment()
    database(environment, *at)
    return asked(data.SchemaKnown(), environment, revisions=knows, heads=heads)


def test_a_database_at_the_releases_head_passes() -> None:
    assert said(schema("b", knows=("a", "b"), heads="b")) == "pass The database is at b, as 1.18.0 needs it."


def test_a_database_that_will_be_migrated_passes() -> None:
    assert said(schema("a", knows=("a", "b"), heads="b")) == "pass The database moves from a to b."


def test_a_database_without_a_revision_will_get_one() -> None:
    assert said(schema(knows=("a",), heads="a")) == "pass The database moves from nothing to a."


def test_several_heads_are_compared_as_a_whole() -> None:
    assert schema("b", "a", knows=("a", "b"), heads="a,b").detail == "The database is at a,b, as 1.18.0 needs it."
    assert schema("a", "x", knows=("a", "b"), heads="a,b").verdict == "fail"


def test_a_revision_the_release_does_not_know_fails_and_says_what_to_do() -> None:
    result = schema("c", knows=("a", "b"), heads="b")
    assert said(result) == "fail The database is at c, which 1.18.0 does not know; it would not start."
    assert result.fix == "Going back needs the data of before that migration: restore a backup."


def test_a_release_whose_revisions_are_unknown_is_a_warning() -> None:
    assert said(schema("a", knows=(), heads="")).startswith("warn It is unknown which revisions 1.18.0 knows")


def test_without_a_database_there_is_no_schema() -> None:
    assert said(asked(data.SchemaKnown(), make_environment())) == "pass There is no schema yet."


def test_a_database_that_is_none_fails_and_does_not_crash() -> None:
    environment = make_environment()
    (Path(environment.data_path) / environment.database_file).write_text("not a database")
    result = by_key(preflight.preconditions(make_release(environment, revisions=["a"])), "schema")
    assert result.verdict == "fail"
    assert "is not an SQLite database" in result.detail


def test_every_precondition_is_asked_and_changes_nothing(process_place: Place) -> None:
    release = process_place.environment.releases.get(version="1.18.0")
    before = process_place.database.read_bytes()
    results = preflight.preconditions(release)
    assert [result.key for result in results] == [check.key for check in registry.of_stage(PRECONDITIONS)]
    other = {"backup": "warn", "clock": "skip", "stop_time": "skip", "edge": "skip"}
    assert {result.verdict for result in results if result.key not in other} == {"pass"}
    assert {key: by_key(results, key).verdict for key in other} == other
    assert process_place.database.read_bytes() == before
