"""What is wrong with a request is said in one sentence, by the rules of RFC 9457."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from smsops.api import rates
from smsops.errors import RuntimeUnavailable
from tests.api.calls import WHY, Scene
from tests.api.programs import ROOT, Program
from tests.factories import make_environment

pytestmark = pytest.mark.django_db


def told(answer: Any, status: int) -> str:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["status"], set(body)) == (status, {"title", "status", "detail"})
    return str(body["detail"])


@pytest.mark.parametrize("path", ["", "nothing", "runs/x", "runs/7/x", "runs/99999999999999999999"])
def test_an_address_without_an_operation(path: str) -> None:
    assert told(Program().get(path), 404)


def test_a_thing_that_is_not_there() -> None:
    assert told(Program().get("runs/7"), 404) == "There is no run 7."


def test_a_method_an_address_does_not_take() -> None:
    program = Program()
    answer = program.client.delete(f"{ROOT}runs", headers={"Authorization": f"Bearer {program.text}"})
    assert told(answer, 405)
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize("body", ["", "{", "[1", "nonsense"])
def test_what_is_no_json(body: str) -> None:
    assert told(Program().post(f"environments/{make_environment().name}/backup", body), 400 if body else 422)


def test_a_word_nobody_knows_is_not_passed_over() -> None:
    assert "reson" in told(Program().post(f"environments/{make_environment().name}/backup", {"reson": "x"}), 422)


def test_another_kind_of_body() -> None:
    program = Program()
    headers = {"Authorization": f"Bearer {program.text}"}
    path = f"{ROOT}environments/{make_environment().name}/backup"
    assert told(program.client.post(path, {"reason": "x"}, headers=headers), 415)


def test_a_body_that_is_too_long() -> None:
    long = {"reason": "x" * settings.SMSOPS_API_BYTES}
    assert told(Program().post(f"environments/{make_environment().name}/backup", long), 413)


def test_who_asks_too_often_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SMSOPS_API_RATE", 3)
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: 6015.0))  # no minute ends meanwhile
    program, other = Program(), Program()
    statuses = [program.get("token").status_code for _ in range(3)]
    answer = program.get("token")
    assert statuses == [200] * 3
    assert told(answer, 429)
    assert answer.headers["Retry-After"] == "45"
    assert other.get("token").status_code == 200


def test_an_engine_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise RuntimeUnavailable("The engine does not answer.")

    scene = Scene()
    monkeypatch.setattr("deployments.services.releases.runtime_for", away)
    answer = Program().post(f"{scene.place}/releases", {"version": "1.18.0"})
    assert told(answer, 503) == "The engine does not answer."
    assert answer.headers["Retry-After"]


def test_a_mistake_of_ours_tells_nothing_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("canary")

    monkeypatch.setattr("backups.services.backups.plan", broken)
    answer = Program().post(f"environments/{make_environment().name}/backup", WHY)
    assert "canary" not in told(answer, 500)


def test_an_unknown_version_is_said_with_those_that_are_known() -> None:
    scene = Scene()
    said = told(Program().post(f"{scene.place}/releases", {"version": "9.9.9"}), 409)
    assert "9.9.9" in said and "1.18.0" in said


def test_the_schema_is_for_everybody_and_asks_nobody_else() -> None:
    answer = Client().get(f"{ROOT}openapi.json")
    assert answer.status_code == 200
    assert "http" not in answer.content.decode().replace('"http"', "")
