"""Signing in, being locked out, and tokens."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo.native import Native
from demo.sms.backend.passwords import hash_password


def execute(database: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection, connection:
        return connection.execute(sql, values).fetchall()


@pytest.fixture
def locked(sms: Native, shared_database: Path, request: pytest.FixtureRequest) -> str:
    """The address of somebody who has just tried five wrong passwords."""
    email = f"{request.node.name}@school.example"
    columns = "email, hashed_password, full_name, role, created_at"
    sql = f"INSERT INTO users ({columns}) VALUES (?, ?, 'Locked', 'teacher', '2026-01-01 00:00:00.000000')"
    execute(shared_database, sql, email, hash_password("right"))
    assert [sms.login(email, "wrong").status for _ in range(5)] == [400] * 5
    return email


def test_a_lock_follows_five_wrong_passwords_even_for_the_right_one(sms: Native, locked: str) -> None:
    answer = sms.login(locked, "right")
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert answer.json["detail"]["error_id"] == "AUTH_ACCOUNT_LOCKED"


def test_the_lock_is_in_the_database_so_it_travels_with_a_backup(locked: str, shared_database: Path) -> None:
    query = "SELECT lockout_until > datetime('now', 'localtime') FROM users WHERE email = ?"
    assert execute(shared_database, query, locked) == [(1,)]


@pytest.fixture(scope="module")
def other(tree: Callable[[str], Path], new_school: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Native]:
    """The same school under another key, where one wrong password locks for no time at all."""
    database = Path(shutil.copy(new_school, tmp_path_factory.mktemp("other") / "school.db"))
    lock = {"AUTH_LOGIN_MAX_ATTEMPTS": "1", "AUTH_LOGIN_LOCKOUT_SECONDS": "0"}
    with Native(tree("1.19.0"), database, SECRET_KEY="another-key-0123456789-0123456789-01", **lock) as running:
        yield running.started()


def test_the_lock_ends_by_itself(other: Native) -> None:
    assert other.login(password="wrong").status == 400
    assert other.login().status == 200


def test_an_unknown_address_is_refused_like_a_wrong_password(sms: Native) -> None:
    assert sms.login("nobody@school.example").json["detail"]["error_id"] == "AUTH_INVALID_CREDENTIALS"


def test_sign_in_leaves_a_session_and_a_cookie(sms: Native) -> None:
    cookie = sms.login().headers["Set-Cookie"]
    assert cookie.startswith("refresh_token=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize("token", ["", "nonsense", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"])
def test_a_bad_token_is_401_and_says_what_is_wanted(sms: Native, token: str) -> None:
    answer = sms.get("/api/v1/auth/me", token)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json["detail"]["error_id"] == "AUTH_UNAUTHORIZED"


def test_another_secret_key_ends_every_session(sms: Native, token: str, other: Native) -> None:
    assert sms.get("/api/v1/auth/me", token).status == 200
    assert other.get("/api/v1/auth/me", token).status == 401


def test_with_sign_in_off_everybody_is_an_administrator(launch: Any) -> None:
    sms = launch(AUTH_ENABLED="false").started()
    assert sms.get("/api/v1/auth/me").json["role"] == "admin"
    assert sms.ask("DELETE", "/api/v1/students/1").status == 204
