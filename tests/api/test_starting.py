"""Runs that are begun through the API: the same rules as everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.models import Incident
from smsops.models import AuditEntry, Run, RunState, Scope, Trigger
from smsops.runs import approvals
from smsops.runs.plan import By
from tests.api.calls import WHY, Scene
from tests.api.programs import Program
from tests.factories import make_release, make_run, make_user

pytestmark = pytest.mark.django_db
DESTRUCTIVE = ["restore", "rollback"]


def begun(answer: Any) -> Run:
    assert answer.status_code == 202, answer.content
    return Run.objects.get(pk=answer.json()["run"])


def test_a_run_is_answered_with_where_to_look() -> None:
    scene, program = Scene(), Program()
    answer = program.post(f"{scene.place}/backup", WHY)
    run = begun(answer)
    assert answer.headers["Location"] == f"/api/v1/runs/{run.pk}"
    assert program.get(f"runs/{run.pk}").json()["state"] == "queued"


def test_the_record_says_who_and_with_which_token() -> None:
    scene, program = Scene(), Program()
    run = begun(program.post(f"{scene.place}/backup", WHY))
    assert (run.trigger, run.actor, run.reason) == (Trigger.API, program.owner, WHY["reason"])
    assert program.get(f"runs/{run.pk}").json()["through"] == f"CI (smsops_{program.token.identifier})"


@pytest.mark.parametrize("verb", DESTRUCTIVE)
@pytest.mark.parametrize("wrong", [{"confirm": "another"}, {"confirm": None}, {"reason": ""}, {"reason": "   "}])
def test_what_cannot_be_taken_back_wants_a_reason_and_the_name(verb: str, wrong: dict[str, Any]) -> None:
    scene = Scene()
    body = {name: value for name, value in {**scene.destructive, **wrong}.items() if value is not None}
    before = Run.objects.count()
    answer = Program().post(f"{scene.place}/{verb}", body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert Run.objects.count() == before


@pytest.mark.parametrize("verb", ["backup", "restore", "rollback", "deploy?version=1.17.0", "rehearsal?version=1.17.0"])
def test_a_plan_is_read_without_doing_anything_and_then_done_exactly(verb: str) -> None:
    scene, program = Scene(), Program()
    before = Run.objects.count()
    plan = program.get(f"{scene.place}/{verb}").json()
    assert plan["steps"] and Run.objects.count() == before
    name, _, query = verb.partition("?version=")
    asked = {"restore": scene.restore, "rollback": scene.destructive}.get(name, WHY)
    body = {**asked, "plan": plan["digest"]}
    run = begun(program.post(f"{scene.place}/{name}", body | ({"version": query} if query else {})))
    assert list(run.steps.values_list("kind", flat=True)) == [step["step"] for step in plan["steps"]]


def test_another_plan_than_the_one_that_was_read_is_not_done() -> None:
    scene = Scene()
    before = Run.objects.count()
    answer = Program().post(f"{scene.place}/backup", {**WHY, "plan": "0" * 64})
    assert (answer.status_code, Run.objects.count()) == (409, before)


def test_a_second_run_is_refused_with_the_name_of_the_first() -> None:
    scene, program = Scene(), Program()
    first = begun(program.post(f"{scene.place}/backup", WHY))
    answer = program.post(f"{scene.place}/restore", scene.restore)
    assert answer.status_code == 409
    assert f"run {first.pk}" in answer.json()["detail"]


def test_where_two_persons_are_wanted_it_waits_and_its_owner_cannot_approve_it() -> None:
    scene, program = Scene(), Program()
    scene.school.second_person = "losing"
    scene.school.save()
    run = begun(program.post(f"{scene.place}/restore", scene.restore))
    assert run.state == RunState.PLANNED
    assert program.get(f"runs/{run.pk}").json()["approval"]["decision"] == "waiting"
    with pytest.raises(Exception, match="another person"):
        approvals.approve(run, By(Trigger.MANUAL, program.owner, program.owner.get_username()))


def a_broken_glass(scene: Scene) -> dict[str, Any]:
    scene.school.second_person = "losing"
    scene.school.save()
    return {**scene.restore, "break_glass": True}


def test_the_glass_is_broken_with_a_scope_of_its_own_and_everybody_hears_of_it() -> None:
    scene = Scene()
    run = begun(Program().post(f"{scene.place}/restore", a_broken_glass(scene)))
    assert run.state == RunState.QUEUED
    assert Incident.objects.filter(run=run, title__contains="glass").exists()


@pytest.mark.parametrize("lacks", [Scope.GLASS, "permission"])
def test_without_the_scope_or_the_permission_the_glass_stays_whole(lacks: str) -> None:
    scene = Scene()
    body = a_broken_glass(scene)
    owner = make_user("smsops.restore_environment") if lacks == "permission" else None
    program = Program(owner, [each for each in Scope.values if each != lacks])
    before = Run.objects.count()
    assert program.post(f"{scene.place}/restore", body).status_code in (403, 409)
    assert Run.objects.count() == before


def test_breaking_changes_are_acknowledged_by_their_versions() -> None:
    scene, program = Scene(), Program()
    make_release(scene.school, "1.19.0", breaking="Sign-in changes.")
    body = {**WHY, "version": "1.19.0"}
    refused = program.post(f"{scene.place}/deploy", body)
    assert (refused.status_code, "1.19.0" in refused.json()["detail"]) == (409, True)
    begun(program.post(f"{scene.place}/deploy", {**body, "acknowledged": ["1.19.0"]}))


def test_one_way_back_to_the_data_is_chosen() -> None:
    scene = Scene()
    body = {**scene.destructive, "backup": "latest", "at": "2026-01-01T00:00:00Z"}
    assert Program().post(f"{scene.place}/restore", body).status_code == 422


def test_a_run_of_another_environment_is_no_way_to_name_a_moment() -> None:
    scene = Scene()
    answer = Program().post(f"{scene.place}/restore", {**scene.destructive, "before_run": make_run().pk})
    assert answer.status_code == 404


def test_a_run_is_cancelled_with_what_comes_of_it() -> None:
    scene, program = Scene(), Program()
    run = begun(program.post(f"{scene.place}/backup", WHY))
    answer = program.post(f"runs/{run.pk}/cancel", WHY)
    run.refresh_from_db()
    assert (answer.status_code, run.cancel_requested) == (202, True)
    assert answer.json()["said"]


def test_the_audit_trail_has_whatever_changes_something_and_what_was_only_read_not() -> None:
    scene, program = Scene(), Program()
    program.get("environments")
    assert not AuditEntry.objects.exists()
    program.post(f"{scene.place}/backup", WHY)
    called, asked = AuditEntry.objects.order_by("sequence")
    owner = program.owner.get_username()
    assert (called.action, called.who, called.door) == ("api.post", owner, "api")
    assert called.given == {
        "address": "api/v1/environments/<name>/backup", "through": f"CI ({program.token.identifier})"
    }  # fmt: skip
    assert (asked.who, asked.door, asked.sort) == (owner, "api", "run")
