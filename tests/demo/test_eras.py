"""The three eras answer in three shapes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.native import Native

Eras = dict[str, Native]


@pytest.fixture(scope="module")
def eras(tree: Callable[[str], Path], new_school: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Eras]:
    """One of each, forced to be unhealthy so that both the good and the bad bodies can be seen."""
    root = tmp_path_factory.mktemp("eras")
    running = {}
    for era in "abc":
        database = Path(shutil.copy(new_school, root / f"{era}.db"))
        running[era] = Native(tree("1.19.0"), database, SMS_ERA=era, SMS_HEALTH="unhealthy")
    for sms in running.values():
        sms.started()
    yield running
    for sms in running.values():
        sms.kill()


def inside(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["detail"] if "detail" in body else body["error"]["details"]
    return found


@pytest.mark.parametrize("era", "ab")
def test_a_and_b_wrap_unhealthy_in_a_problem_document(eras: Eras, era: str) -> None:
    answer = eras[era].get("/health")
    assert (answer.status, answer.json["status"], answer.json["title"]) == (503, 503, "HTTP Exception")
    assert answer.json["type"] == "https://httpstatuses.com/503"
    assert answer.json["detail"]["status"] == "unhealthy"


def test_c_wraps_unhealthy_in_its_envelope(eras: Eras) -> None:
    answer = eras["c"].get("/health")
    error = answer.json["error"]
    assert (answer.status, answer.json["success"], answer.json["data"]) == (503, False, None)
    assert (error["code"], error["path"], error["details"]["status"]) == ("HTTP_503", "/health", "unhealthy")
    assert set(answer.json["meta"]) == {"request_id", "timestamp", "version"}


@pytest.mark.parametrize(("era", "version"), [("a", "unknown"), ("b", "1.19.0"), ("c", "1.19.0")])
def test_only_a_does_not_know_its_version(eras: Eras, era: str, version: str) -> None:
    assert inside(eras[era].get("/health").json)["version"] == version


@pytest.mark.parametrize(("era", "there"), [("a", False), ("b", True), ("c", True)])
def test_the_memory_check_came_with_b(eras: Eras, era: str, there: bool) -> None:
    assert ("memory" in inside(eras[era].get("/health").json)["checks"]) is there


@pytest.mark.parametrize(("era", "there"), [("a", False), ("b", False), ("c", True)])
def test_only_c_tells_where_its_database_is(eras: Eras, era: str, there: bool) -> None:
    assert ("database_target" in inside(eras[era].get("/health").json)) is there


def test_a_lists_students_as_a_bare_array(eras: Eras) -> None:
    assert isinstance(eras["a"].get("/api/v1/students/").json, list)


def test_b_lists_students_as_a_page(eras: Eras) -> None:
    assert eras["b"].get("/api/v1/students/").json["total"] == 297


def test_c_lists_students_as_a_page_in_an_envelope(eras: Eras) -> None:
    body = eras["c"].get("/api/v1/students/").json
    assert (body["success"], body["error"], body["data"]["total"]) == (True, None, 297)


def test_c_puts_the_token_into_the_envelope(eras: Eras) -> None:
    token = eras["c"].login().json["data"]["access_token"]
    assert eras["c"].get("/api/v1/auth/me", token).json["data"]["role"] == "admin"


@pytest.mark.parametrize("era", "abc")
def test_wrong_words_are_400_with_the_same_error_id(eras: Eras, era: str) -> None:
    answer = eras[era].login(password="wrong")
    assert answer.status == 400
    assert inside(answer.json)["error_id"] == "AUTH_INVALID_CREDENTIALS"


def test_live_is_bare_and_200_in_every_era(eras: Eras) -> None:
    for sms in eras.values():
        assert sms.get("/health/live").json["status"] == "healthy"
