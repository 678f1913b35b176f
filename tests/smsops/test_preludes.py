"""What comes before a run that disturbs SMS: put there when it begins, never in its way, and left out only loudly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from smsops import signals
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Run, RunState
from smsops.runs import approvals, digests, plan, preludes
from smsops.runs.plan import By
from smsops.runs.preludes import Prelude
from tests.smsops.stages import Stage, planned, queue, work

pytestmark = pytest.mark.django_db
WHY = "the school is locked out"


def always(environment: Environment) -> Sequence[str]:
    return ["First something is taken."]


@pytest.fixture
def first(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The step “tidy” comes before every run that disturbs SMS."""
    monkeypatch.setattr(preludes, "_PRELUDES", [Prelude("stage.tidy", "the evidence", always)])
    return stage


def test_it_is_done_before_the_runs_own_steps(environment: Environment, first: Stage) -> None:
    run = work(queue(environment, "change", disturbs=True))
    assert run.state == RunState.SUCCEEDED
    assert first.calls == ["tidy", "change"]
    assert list(run.steps.values_list("position", flat=True)) == [0, 1]


def test_a_run_that_does_not_disturb_sms_begins_at_once(environment: Environment, first: Stage) -> None:
    work(queue(environment, "change"))
    assert first.calls == ["change"]


def test_whether_it_is_wanted_is_asked_when_the_run_begins(
    environment: Environment, first: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queue(environment, "change", disturbs=True)
    monkeypatch.setattr(preludes, "_PRELUDES", [Prelude("stage.tidy", "the evidence", lambda environment: [])])
    work(run)
    assert first.calls == ["change"]


def test_when_it_fails_the_run_goes_on_where_it_is_not_essential(environment: Environment, first: Stage) -> None:
    first.say("tidy", OpsError("The disk is full."))
    run = work(queue(environment, "change", disturbs=True))
    assert run.state == RunState.SUCCEEDED
    assert "The disk is full." in run.headline


def test_an_error_in_the_question_keeps_no_run_from_beginning(
    environment: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(environment: Environment) -> Sequence[str]:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(preludes, "_PRELUDES", [Prelude("no.such", "the evidence", broken)])
    assert work(queue(environment, "change", disturbs=True)).state == RunState.SUCCEEDED


def test_it_is_no_part_of_what_was_approved(environment: Environment, first: Stage) -> None:
    made = planned(environment, "change", disturbs=True)
    run = work(plan.submit(made, By(name="test")))
    assert digests.of_rows(run, made.risk) == digests.of_plan(made)


@pytest.fixture
def told(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(signals.glass_broken, "receivers", [])
    environment.shell_breaks_glass = True
    environment.save()
    heard: list[str] = []

    def hear(said: str, **_: Any) -> None:
        heard.append(said)

    signals.glass_broken.connect(hear, weak=False)
    return heard


def submit(environment: Environment, by: By, **fields: Any) -> Run:
    return plan.submit(planned(environment, "change", **{"disturbs": True, **fields}), by)


def test_whoever_leaves_it_out_says_why_and_is_heard(environment: Environment, first: Stage, told: list[str]) -> None:
    run = submit(environment, By("command", name="maria", at_once=WHY))
    work(run)
    assert first.calls == ["change"]
    assert told == [f"maria broke the glass: “{run.title}” (run {run.pk}) goes without the evidence. {WHY}"]


@pytest.mark.parametrize("why", ["quick", "no time"])
def test_too_short_a_reason_is_none(environment: Environment, first: Stage, told: list[str], why: str) -> None:
    with pytest.raises(WrongUse, match="why it cannot wait for the evidence"):
        submit(environment, By("command", name="maria", at_once=why))
    assert not Run.objects.exists()


def test_who_may_not_break_the_glass_may_not_leave_it_out(environment: Environment, first: Stage) -> None:
    user = User.objects.create_user("ada")
    with pytest.raises(WrongUse, match="may not start it without the evidence"):
        submit(environment, By(user=user, name="ada", at_once=WHY))
    user.user_permissions.add(Permission.objects.get(codename="break_glass"))
    assert submit(environment, By(user=User.objects.get(), name="ada", at_once=WHY)).facts["at_once"] == WHY


def test_where_nothing_would_come_first_nobody_is_told(environment: Environment, stage: Stage, told: list[str]) -> None:
    run = submit(environment, By("command", name="maria", at_once=WHY))
    assert (told, run.facts) == ([], {})


def test_one_that_waits_for_a_second_person_has_it_as_well(environment: Environment, first: Stage) -> None:
    environment.second_person = "disturbing"
    environment.save()
    run = submit(environment, By("command", name="maria", reason=WHY))
    approvals.approve(run, By("command", name="eve"))
    run.refresh_from_db()
    assert work(run).state == RunState.SUCCEEDED
    assert first.calls == ["tidy", "change"]
