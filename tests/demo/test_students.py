"""The students' endpoints."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo.native import Native


def make_student(sms: Native, token: str, number: str) -> dict[str, Any]:
    body = {"first_name": "Ada", "last_name": "Test", "email": f"{number}@x.example", "student_id": number}
    answer = sms.ask("POST", "/api/v1/students/", body, token)
    assert answer.status == 201
    student: dict[str, Any] = answer.json
    return student


def test_deleting_a_student_keeps_the_row(sms: Native, token: str, shared_database: Path) -> None:
    number = make_student(sms, token, "GONE")["id"]
    assert sms.ask("DELETE", f"/api/v1/students/{number}", token=token).status == 204
    assert sms.get(f"/api/v1/students/{number}").status == 404
    query = "SELECT is_active, deleted_at IS NULL FROM students WHERE id = ?"
    with closing(sqlite3.connect(shared_database)) as connection:
        assert connection.execute(query, [number]).fetchone() == (0, 0)


def test_a_student_is_added_and_changed(sms: Native, token: str) -> None:
    student = make_student(sms, token, "ADD1")
    sms.ask("PUT", f"/api/v1/students/{student['id']}", {"study_year": 3}, token)
    assert sms.get(f"/api/v1/students/{student['id']}").json == {**student, "study_year": 3}


def test_a_second_student_with_the_same_card_is_refused(sms: Native, token: str) -> None:
    student = make_student(sms, token, "TWICE")
    wanted = {key: student[key] for key in ("first_name", "last_name", "email", "student_id")}
    assert sms.ask("POST", "/api/v1/students/", wanted, token).status == 409


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PUT", "1"), ("DELETE", "1")])
def test_changing_needs_a_token(sms: Native, method: str, path: str) -> None:
    body = {"first_name": "A", "last_name": "B", "email": "a@b.example", "student_id": "C"}
    assert sms.ask(method, f"/api/v1/students/{path}", body).status == 401


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "skip=-1", "limit=many"])
def test_a_slice_out_of_bounds_is_refused(sms: Native, query: str) -> None:
    assert sms.get(f"/api/v1/students/?{query}").status == 422


def test_without_the_slash_a_list_redirects(sms: Native) -> None:
    answer = sms.get("/api/v1/students")
    assert (answer.status, answer.headers["Location"][-17:]) == (307, "/api/v1/students/")


def test_every_answer_has_an_id_and_is_not_to_be_stored(sms: Native) -> None:
    answer = sms.get("/api/v1/students/")
    assert answer.headers["X-Request-ID"]
    assert "no-store" in answer.headers["Cache-Control"]
