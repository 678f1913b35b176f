"""Every check is asked of SMS of every era, well and in every trouble: the same verdict, the same cause."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.checks import base, registry
from deployments.checks.base import CHECKLIST, Result, Target, run_all
from smsops import health
from smsops.models import Environment
from tests.deployments.eras import shapes
from tests.deployments.eras.server import Answers, Server, serving
from tests.factories import SMOKE, make_environment

pytestmark = pytest.mark.django_db
every_era = pytest.mark.parametrize("era", shapes.ERAS)
Trouble = Callable[[str], Answers]
NOT_ASKED = ("rate_limit", "sessions")  # the first not unless the environment says so; there is no env file


@contextlib.contextmanager
def an_sms(era: str, trouble: Trouble | None = None) -> Iterator[Server]:
    with serving({**shapes.well(era), **(trouble(era) if trouble else {})}) as server:
        yield server


def a_school(url: str, **fields: Any) -> Environment:
    """An environment with a database of as many rows as the shapes say, at revision b."""
    environment = make_environment(base_url=url, **SMOKE, **fields)
    path = Path(environment.data_path) / environment.database_file
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for name, rows in shapes.COUNTS.items():
            table = "course_enrollments" if name == "enrollments" else name
            connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [(number,) for number in range(rows)])
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('b')")
    return environment


def judged(era: str, trouble: Trouble | None = None, **fields: Any) -> dict[str, Result]:
    """What every check of the checklist says of it."""
    with an_sms(era, trouble) as server:
        target = Target(a_school(server.url, **fields), version=shapes.VERSIONS[era], heads="b")
        return {result.key: result for result in run_all(registry.of_stage(CHECKLIST), target)}


@every_era
def test_an_sms_that_is_well_passes_every_check(era: str) -> None:
    found = judged(era)
    assert {key for key, result in found.items() if result.verdict != "pass"} == {*NOT_ASKED}, found


TABLE: list[tuple[Trouble, str, str, str]] = [
    (shapes.unhealthy, "health", "fail", "/health says unhealthy (HTTP 503"),
    (shapes.unhealthy, "health", "fail", "database: Database connection failed: disk I/O error."),
    (shapes.unhealthy, "ready", "fail", "/health/ready: not ready (HTTP 503: database)"),
    (shapes.degraded, "health", "fail", "/health says degraded (HTTP 200"),
    (shapes.degraded, "ready", "fail", "/health/ready: not ready (HTTP 503: disk_space)"),
    (shapes.enveloped, "health", "pass", "/health says healthy"),
    (shapes.wrong_password, "login", "fail", "SMS does not know the account or its password (HTTP 400)"),
    (shapes.locked, "login", "fail", "the account is locked for another 240 s (HTTP 429)"),
    (shapes.locked_without_a_header, "login", "fail", "the account is locked (HTTP 429)"),
    (shapes.limited, "login", "fail", "the rate limit is reached (HTTP 429)"),
    (shapes.must_change, "login", "fail", "the account must change its password first (HTTP 403)"),
    (shapes.must_change, "students", "fail", "the account must change its password first (HTTP 403)"),
    (shapes.other_key, "login", "fail", "the token is refused (HTTP 401)"),
    (shapes.open_to_all, "auth", "warn", "Authentication is off"),
    (shapes.empty_lists, "students", "fail", "The list is empty although the database has 3 students."),
    (shapes.other_database, "database", "fail", "SMS counts 0 in students, where the database here has 3."),
    (shapes.blank_page, "bundle", "fail", "/assets/index-8be7fef1.js is missing (HTTP 200)."),
    (shapes.no_page, "bundle", "fail", "/ is not a page (HTTP 200)."),
    (shapes.wrong_clock, "clock", "fail", "behind this machine's."),
    (shapes.database_gone, "health", "fail", "/health says unhealthy (HTTP 50"),
    (shapes.database_gone, "students", "fail", "/api/v1/students/?limit=5 answers "),
    (shapes.database_gone, "caching", "skip", "The list does not answer (HTTP 50"),
]


@every_era
@pytest.mark.parametrize(
    ("trouble", "key", "verdict", "words"), TABLE, ids=[f"{row[0].__name__}-{row[1]}" for row in TABLE]
)
def test_the_cause_is_the_same_in_every_era(era: str, trouble: Trouble, key: str, verdict: str, words: str) -> None:
    result = judged(era, trouble)[key]
    assert (result.verdict, words in result.detail) == (verdict, True), result
    assert result.fix or verdict != "fail" or key in ("ready", "students")


def test_a_lost_database_is_named_where_sms_names_it() -> None:
    found = judged("c", shapes.database_gone)
    assert "SMS does not reach its database." in found["health"].detail
    assert "SMS does not reach its database (HTTP 503)" in found["students"].detail


@every_era
@pytest.mark.parametrize(
    ("trouble", "status", "ready"),
    [(None, "healthy", True), (shapes.unhealthy, "unhealthy", False), (shapes.degraded, "degraded", False),
     (shapes.enveloped, "healthy", True), (shapes.database_gone, "unhealthy", False)],
)  # fmt: skip
def test_a_look_at_the_health_understands_every_era(era: str, trouble: Trouble, status: str, ready: bool) -> None:
    with an_sms(era, trouble) as server:
        seen = health.look(server.url)
    assert (seen.status, seen.ready) == (status, ready)


def test_an_sms_that_hangs_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.4)
    monkeypatch.setattr(base, "IMPATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls and never answers
        target = Target(make_environment(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}"))
        said = [target.ask("/health").error for _ in range(3)]
    assert said == ["no answer within 0.4 s", "no answer within 0.1 s", "no answer within 0.1 s"]


@every_era
def test_the_rate_limit_of_every_era_is_found_and_then_left_alone(era: str) -> None:
    with an_sms(era, shapes.limiting) as server:
        target = Target(a_school(server.url, rate_limit_check=True), version=shapes.VERSIONS[era])
        (result,) = run_all(registry.of_stage(CHECKLIST, ["rate_limit"]), target)
    assert result.detail.startswith(f"HTTP 429 after {shapes.LIMITS[era]:,} requests in ")
    assert (result.verdict, server.asked["GET /api/v1/students/"]) == ("pass", shapes.LIMITS[era] + 1)
