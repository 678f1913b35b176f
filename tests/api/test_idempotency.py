"""A request with a key happens once, however often and by however many it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from backups.services import backups
from smsops.models import ApiRequest, Run
from smsops.runs import holders
from smsops.runs.plan import Plan
from tests.api.calls import WHY, Scene
from tests.api.programs import Program
from tests.factories import make_run
from tests.places import wait_for

pytestmark = pytest.mark.django_db
ABSENT = "host|1.1|1|1|claim"


def ours(scene: Scene) -> int:
    return Run.objects.filter(environment=scene.school, kind="backup").count()


def test_the_same_request_again_gets_the_same_answer_and_begins_nothing() -> None:
    scene, program = Scene(), Program()
    first = program.post(f"{scene.place}/backup", WHY, key="k")
    again = program.post(f"{scene.place}/backup", WHY, key="k")
    assert (first.status_code, again.status_code) == (202, 202)
    assert (first.content, first.headers["Location"]) == (again.content, again.headers["Location"])
    assert (again.headers["Idempotency-Replayed"], ours(scene)) == ("true", 1)


def test_the_same_key_for_something_else_is_refused() -> None:
    scene, program = Scene(), Program()
    program.post(f"{scene.place}/backup", WHY, key="k")
    for path, body in ((f"{scene.place}/backup", {"reason": "another"}), ("incidents/1/acknowledge", WHY)):
        assert program.post(path, body, key="k").status_code == 422
    assert ours(scene) == 1


def test_keys_of_different_tokens_have_nothing_to_do_with_each_other() -> None:
    first, second = Scene(), Scene()
    Program().post(f"{first.place}/backup", WHY, key="k")
    assert Program().post(f"{second.place}/backup", WHY, key="k").status_code == 202


def test_what_was_refused_may_be_put_right_under_the_same_key() -> None:
    scene, program = Scene(), Program()
    wrong = {**scene.restore, "confirm": "another"}
    assert program.post(f"{scene.place}/restore", wrong, key="k").status_code == 422
    assert program.post(f"{scene.place}/restore", scene.restore, key="k").status_code == 202


def test_without_a_key_every_request_is_one_of_its_own() -> None:
    scene, program = Scene(), Program()
    run = make_run(scene.school, state="queued")
    assert [program.post(f"runs/{run.pk}/cancel", WHY).status_code for _ in range(2)] == [202, 202]
    assert not ApiRequest.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel"])
def test_what_cannot_be_a_key_is_refused(key: str) -> None:
    scene = Scene()
    assert Program().post(f"{scene.place}/backup", WHY, **{"Idempotency-Key": key}).status_code == 422
    assert (ours(scene), ApiRequest.objects.count()) == (0, 0)


@pytest.mark.parametrize("key", [" ", "x" * 255, "~!{}"])
def test_whatever_is_printable_is_a_key(key: str) -> None:
    scene, program = Scene(), Program()
    first, again = (program.post(f"{scene.place}/backup", WHY, key=key) for _ in range(2))
    assert (first.status_code, again.headers["Idempotency-Replayed"], ours(scene)) == (202, "true", 1)


def test_after_a_day_a_key_is_new_again() -> None:
    scene, program = Scene(), Program()
    run = make_run(scene.school, state="queued")
    program.post(f"runs/{run.pk}/cancel", WHY, key="k")
    ApiRequest.objects.update(claimed_at=timezone.now() - timedelta(hours=25))
    answer = program.post(f"runs/{run.pk}/cancel", WHY, key="k")
    assert "Idempotency-Replayed" not in answer.headers


def test_while_it_is_being_answered_a_duplicate_is_told_to_wait() -> None:
    scene, program = Scene(), Program()
    program.post(f"{scene.place}/backup", WHY, key="k")
    ApiRequest.objects.update(status=None, holder=holders.me())
    answer = program.post(f"{scene.place}/backup", WHY, key="k")
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "2")


def test_a_process_that_died_after_it_began_a_run_began_the_only_one() -> None:
    scene, program = Scene(), Program()
    first = program.post(f"{scene.place}/backup", WHY, key="k").json()
    ApiRequest.objects.update(status=None, body="", holder=ABSENT, claimed_at=timezone.now() - timedelta(minutes=3))
    again = program.post(f"{scene.place}/backup", WHY, key="k")
    assert (again.status_code, again.json()["run"], ours(scene)) == (202, first["run"], 1)


def test_a_process_that_died_before_it_began_anything_is_followed_by_another() -> None:
    scene, program = Scene(), Program()
    program.post(f"{scene.place}/backup", WHY, key="k")
    Run.objects.filter(kind="backup", environment=scene.school).delete()
    ApiRequest.objects.update(status=None, run=None, holder=ABSENT, claimed_at=timezone.now() - timedelta(minutes=3))
    assert program.post(f"{scene.place}/backup", WHY, key="k").status_code == 202
    assert ours(scene) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_answered_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, program, ready = Scene(), Program(), Barrier(5)
    real = backups.plan

    def slow(*args: Any, **more: Any) -> Plan:
        wait_for(lambda: len(refused) == 4, "the others")
        return real(*args, **more)

    refused: list[int] = []

    def send(_: int) -> int:
        try:
            ready.wait()
            status = Program.post(other_client(program), f"{scene.place}/backup", WHY, key="k").status_code
            if status != 202:
                refused.append(status)
            return int(status)
        finally:
            connection.close()

    monkeypatch.setattr(backups, "plan", slow)
    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(send, range(5))) == [202, 409, 409, 409, 409]
    assert ours(scene) == 1
    assert program.post(f"{scene.place}/backup", WHY, key="k").headers["Idempotency-Replayed"] == "true"


def other_client(program: Program) -> Program:
    """The same token, in another connection."""
    found = copy(program)
    found.client = Client()
    return found
