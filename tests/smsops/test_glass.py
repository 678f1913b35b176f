"""Breaking the glass: for a reason, by those who may, and never without being told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from smsops import signals
from smsops.errors import WrongUse
from smsops.models import Approval, Environment, Run, RunState
from smsops.runs import approvals, plan, planners
from smsops.runs.plan import By
from tests.smsops.stages import Stage, planned, queue, work

pytestmark = pytest.mark.django_db
WHY = "the school is locked out"
MARIA = By("command", name="maria", reason=WHY, break_glass=True)


@pytest.fixture
def careful(environment: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment that wants a second person, and lets the shell break the glass."""
    monkeypatch.setattr(planners, "_PLANNERS", {})
    monkeypatch.setattr(signals.glass_broken, "receivers", [])
    environment.second_person, environment.shell_breaks_glass = "disturbing", True
    environment.save()
    return environment


@pytest.fixture
def told(careful: Environment) -> list[str]:
    """What the rooms above are told."""
    heard: list[str] = []

    def hear(said: str, **_: Any) -> None:
        heard.append(said)

    signals.glass_broken.connect(hear, weak=False)
    return heard


def submit(environment: Environment, by: By = MARIA, **fields: Any) -> Run:
    return plan.submit(planned(environment, "change", **{"disturbs": True, **fields}), by)


def test_with_broken_glass_the_run_starts_at_once_and_is_told(careful: Environment, told: list[str]) -> None:
    run = submit(careful)
    assert (run.state, run.approval.decision, run.approval.decided_name) == ("queued", "glass_broken", "maria")
    assert told == [f"maria broke the glass: “Test run” (run {run.pk}) goes without a second person. {WHY}"]
    assert work(run).state == RunState.SUCCEEDED


def test_whoever_asked_may_break_the_glass_of_a_run_that_waits(careful: Environment, told: list[str]) -> None:
    run = submit(careful, replace(MARIA, break_glass=False))
    assert approvals.break_glass(run, MARIA).decision == "glass_broken"
    run.refresh_from_db()
    assert (run.state, len(told)) == ("queued", 1)


def test_without_need_there_is_no_glass_to_break(careful: Environment, told: list[str]) -> None:
    run = submit(careful, disturbs=False)
    assert (run.state, told, Approval.objects.exists()) == ("queued", [], False)


@pytest.mark.parametrize("reason", ["", "now", "do it", "  a   b "])
def test_it_needs_a_reason_of_a_few_words(careful: Environment, told: list[str], reason: str) -> None:
    with pytest.raises(WrongUse, match="at least 3 words"):
        submit(careful, replace(MARIA, reason=reason))
    assert (Run.objects.exists(), told) == (False, [])


def test_the_shell_may_not_where_the_environment_does_not_say_so(careful: Environment, told: list[str]) -> None:
    careful.shell_breaks_glass = False
    with pytest.raises(WrongUse, match="school does not let the shell break the glass"):
        submit(careful)
    assert (Run.objects.exists(), told) == (False, [])


@pytest.mark.parametrize("codename", ["approve_run", "cancel_run"])
def test_an_account_needs_its_own_permission_for_it(careful: Environment, told: list[str], codename: str) -> None:
    user = User.objects.create(username="paul")
    user.user_permissions.add(Permission.objects.get(codename=codename))
    with pytest.raises(WrongUse, match="paul may not start it without a second person"):
        submit(careful, By("manual", user, "paul", WHY, break_glass=True))
    assert (Run.objects.exists(), told) == (False, [])


def test_it_does_not_start_where_it_cannot_be_told(careful: Environment) -> None:
    def deaf(**_: Any) -> None:
        raise RuntimeError("nobody can write this down")

    signals.glass_broken.connect(deaf)
    run = submit(careful, replace(MARIA, break_glass=False))
    with pytest.raises(RuntimeError):
        approvals.break_glass(run, MARIA)
    run.refresh_from_db()
    assert (run.state, Approval.objects.get().decision) == ("planned", "waiting")


def test_not_even_then_is_something_done_that_nobody_asked_for(careful: Environment, told: list[str]) -> None:
    run = submit(careful, replace(MARIA, break_glass=False))
    planners.add({"test": lambda environment, _: planned(environment, "commit", disturbs=True)})
    assert approvals.break_glass(run, MARIA).decision == "void"
    assert told == []


def test_not_even_then_are_two_exclusive_runs_under_way(careful: Environment, told: list[str]) -> None:
    queue(careful, "look")
    with pytest.raises(WrongUse, match="is under way at school"):
        submit(careful)
    assert (Run.objects.count(), told, Approval.objects.exists()) == (1, [], False)
