"""The two-person rule: who decides on a run, on what exactly, and what becomes of it when nobody does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, transaction
from django.utils import timezone

from smsops.errors import OpsError, WrongUse
from smsops.models import Approval, Decision, Environment, Risk, Run, RunState
from smsops.runs import approvals, cancel, executor, plan, planners, reaper
from smsops.runs.plan import By, Plan, PlannedStep
from tests.smsops.crowd import together
from tests.smsops.stages import Stage, planned, queue, work

pytestmark = pytest.mark.django_db
MARIA, PAUL = By("command", name="maria", reason="it is time"), By("command", name="paul")


@pytest.fixture
def careful(environment: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment that wants a second person for all that disturbs SMS."""
    monkeypatch.setattr(planners, "_PLANNERS", {})
    environment.second_person = "disturbing"
    environment.save()
    return environment


def asked(environment: Environment, by: By = MARIA, **fields: Any) -> Run:
    return plan.submit(planned(environment, "change", **{"disturbs": True, **fields}), by)


def decided(run: Run) -> tuple[str, str]:
    """What became of the request and of the run."""
    found = Approval.objects.select_related("run").get(run=run)
    return found.decision, found.run.state


def makes(kind: str, **fields: Any) -> None:
    """From now on a plan of that kind made anew is another one."""
    planners.add({kind: lambda environment, _: planned(environment, "change", **{"disturbs": True, **fields})})


def may(codename: str, name: str) -> By:
    """Somebody with an account and that permission."""
    user = User.objects.create(username=name)
    user.user_permissions.add(Permission.objects.get(codename=codename))
    return By("manual", user, name, "because I may do it")


def test_a_run_that_needs_a_second_person_is_written_down_and_waits(careful: Environment, stage: Stage) -> None:
    run = asked(careful)
    assert (run.state, run.steps.count()) == (RunState.PLANNED, 1)
    assert (run.approval.requested_name, run.approval.reason, run.approval.risk) == ("maria", "it is time", 20)
    assert executor.drive(run.pk) is None
    assert (reaper.sweep(), stage.calls) == (0, [])


def test_an_approved_run_runs(careful: Environment, stage: Stage) -> None:
    run = asked(careful)
    approval = approvals.approve(run, PAUL)
    assert (approval.decision, approval.decided_name, approval.run.state) == ("approved", "paul", "queued")
    assert (work(run).state, stage.calls) == (RunState.SUCCEEDED, ["change"])
    assert "Approved by paul." in run.journal.values_list("detail", flat=True)


@pytest.mark.parametrize("name", ["maria", "MARIA", ""])
def test_nobody_approves_what_they_asked_for_themselves(careful: Environment, name: str) -> None:
    run = asked(careful)
    with pytest.raises(WrongUse, match=r"maria asked for run \d+; another person has to approve it"):
        approvals.approve(run, By("command", name=name))
    assert decided(run) == ("waiting", "planned")


def test_an_account_is_the_same_person_under_another_name(careful: Environment) -> None:
    user = User.objects.create(username="maria", is_superuser=True)
    run = asked(careful, By("manual", user))
    with pytest.raises(WrongUse, match="another person"):
        approvals.approve(run, By("manual", user, "someone else"))
    assert decided(run) == ("waiting", "planned")


def test_the_database_itself_refuses_an_approval_by_the_one_who_asked(careful: Environment) -> None:
    run = asked(careful)
    with pytest.raises(IntegrityError, match="approved_by_another_person"), transaction.atomic():
        Approval.objects.filter(run=run).update(decision="approved", decided_name="maria")
    assert decided(run) == ("waiting", "planned")


@pytest.mark.parametrize("act", [approvals.approve, approvals.refuse, approvals.break_glass])
def test_without_the_permission_nothing_is_decided(careful: Environment, act: Any) -> None:
    run, nobody = asked(careful), User.objects.create(username="eve")
    with pytest.raises(WrongUse, match="eve may not"):
        act(run, By("manual", nobody, "eve", "a long and good reason"))
    assert decided(run) == ("waiting", "planned")


def test_who_has_the_permission_approves(careful: Environment) -> None:
    run = asked(careful)
    approval = approvals.approve(run, may("approve_run", "paul"))
    assert approval.decided_by is not None
    assert (approval.decided_by.username, *decided(run)) == ("paul", "approved", "queued")


@pytest.mark.parametrize(
    ("policy", "risk", "waits"),
    [
        ("never", Risk.LOSING, False),
        ("losing", Risk.LOSING, True),
        ("losing", Risk.DISTURBING, False),
        ("disturbing", Risk.LOSING, True),
        ("disturbing", Risk.DISTURBING, True),
        ("disturbing", Risk.ROUTINE, False),
    ],
)
def test_the_environment_says_from_which_risk_on(careful: Environment, policy: str, risk: Risk, waits: bool) -> None:
    careful.second_person = policy
    run = asked(careful, risk=risk, disturbs=False)
    assert run.state == (RunState.PLANNED if waits else RunState.QUEUED)
    assert Approval.objects.exists() is waits


@pytest.mark.parametrize("trigger", ["schedule", "system"])
def test_what_smsops_does_by_itself_never_waits(careful: Environment, trigger: str) -> None:
    run = asked(careful, By(trigger), risk=Risk.LOSING)
    assert run.state == RunState.QUEUED
    assert not Approval.objects.exists()


def test_what_disturbs_sms_is_never_routine(environment: Environment, stage: Stage) -> None:
    assert planned(environment, disturbs=True).risk == Risk.DISTURBING
    assert planned(environment, disturbs=True, risk=Risk.LOSING).risk == Risk.LOSING
    assert planned(environment).risk == Risk.ROUTINE


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"params": {"version": "1.19.0"}}, "version was 1.18.0 and is 1.19.0"),
        ({"steps": (PlannedStep("stage.make"),)}, "the steps are others"),
        ({"steps": (PlannedStep("stage.change", {"deep": True}),)}, "the parameters of its steps are others"),
        ({"risk": Risk.LOSING}, "the risk is now: data is lost"),
        ({"title": "Restore b7", "params": {"backup": 7}}, "it would now be “Restore b7”"),
    ],
)
def test_a_plan_that_has_changed_voids_the_request_and_says_what(
    careful: Environment, stage: Stage, now: dict[str, Any], said: str
) -> None:
    run = asked(careful, params={"version": "1.18.0"})
    makes("test", **{"params": {"version": "1.18.0"}, **now})
    assert approvals.approve(run, PAUL).decision == Decision.VOID
    run.refresh_from_db()
    assert run.headline.startswith("It is not any more what maria asked for: ")
    assert said in run.headline
    assert (work(run).state, stage.calls) == (RunState.CANCELLED, [])


def test_a_plan_that_is_still_the_same_is_approved(careful: Environment) -> None:
    run = asked(careful, params={"b": [1, 2.5, None], "a": {"z": "ü", "y": True}}, notes=("seen then",))
    makes("test", params={"a": {"y": True, "z": "ü"}, "b": [1, 2.5, None]}, notes=("seen now",))
    approvals.approve(run, PAUL)
    assert decided(run) == ("approved", "queued")


def test_the_plan_is_made_anew_from_what_was_asked_for(careful: Environment) -> None:
    seen: list[Any] = []

    def planner(environment: Environment, wanted: dict[str, Any]) -> Plan:
        seen.append((environment.pk, wanted))
        return planned(environment, "change", disturbs=True)

    planners.add({"test": planner})
    approvals.approve(asked(careful, asked={"release": 7}), PAUL)
    assert seen == [(careful.pk, {"release": 7})]


def test_a_plan_that_cannot_be_made_any_more_voids_the_request(careful: Environment) -> None:
    def planner(environment: Environment, _: dict[str, Any]) -> Plan:
        raise WrongUse("Release 1.19.0 is the one that runs already.")

    planners.add({"test": planner})
    approval = approvals.approve(asked(careful), PAUL)
    assert approval.decision == Decision.VOID
    assert "cannot be done any more. Release 1.19.0 is the one that runs already." in approval.note


def test_while_it_cannot_be_told_whether_the_plan_has_changed_the_request_stays(careful: Environment) -> None:
    def planner(environment: Environment, _: dict[str, Any]) -> Plan:
        raise OpsError("The engine does not answer.")

    planners.add({"test": planner})
    run = asked(careful)
    with pytest.raises(OpsError, match="does not answer"):
        approvals.approve(run, PAUL)
    assert decided(run) == ("waiting", "planned")


def test_rows_that_somebody_changed_are_not_what_was_asked_for(careful: Environment) -> None:
    run = asked(careful)
    run.steps.update(params={"more": True})
    assert approvals.approve(run, PAUL).decision == Decision.VOID
    assert decided(run) == ("void", "cancelled")


def test_without_a_planner_another_running_release_is_noticed(careful: Environment) -> None:
    run = asked(careful, params={"old_image_id": "sha256:one"})
    assert "another release runs now" in approvals.approve(run, PAUL).note
    same = asked(careful, params={"old_image_id": ""})
    assert approvals.approve(same, PAUL).decision == Decision.APPROVED


def test_a_refused_run_is_cancelled_and_says_why(careful: Environment, stage: Stage) -> None:
    run = asked(careful)
    approvals.refuse(run, replace(PAUL, reason="not on a Monday"))
    assert decided(run) == ("refused", "cancelled")
    assert (work(run).headline, stage.calls) == ("Refused by paul: not on a Monday.", [])


@pytest.mark.parametrize("reason", ["", "  "])
def test_refusing_needs_a_reason(careful: Environment, reason: str) -> None:
    run = asked(careful)
    with pytest.raises(WrongUse, match="Say why"):
        approvals.refuse(run, replace(PAUL, reason=reason))
    assert decided(run) == ("waiting", "planned")


def late(run: Run) -> Run:
    Approval.objects.filter(run=run).update(expires_at=timezone.now() - timedelta(seconds=1))
    return run


def test_a_request_nobody_decided_on_ends_with_the_sweep(careful: Environment) -> None:
    run, other = late(asked(careful)), asked(careful)
    reaper.sweep()
    assert (decided(run), decided(other)) == (("void", "cancelled"), ("waiting", "planned"))
    assert (work(run).headline, run.end_announced) == ("Nobody approved it in time.", True)


@pytest.mark.parametrize("act", [approvals.approve, approvals.break_glass])
def test_a_request_that_has_expired_is_not_started_by_a_late_click(careful: Environment, act: Any) -> None:
    careful.shell_breaks_glass = True
    careful.save()
    run = late(asked(careful))
    act(run, replace(PAUL, reason="it is really urgent"))
    assert decided(run) == ("void", "cancelled")


def test_a_request_lasts_four_hours(careful: Environment) -> None:
    approval = asked(careful).approval
    assert approval.expires_at - approval.requested_at == timedelta(hours=4)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_starts_the_run(careful: Environment, stage: Stage) -> None:
    run, names = asked(careful), iter(["paul", "ada", "eve", "tom"])

    def approve() -> str:
        try:
            return str(approvals.approve(run, By("command", name=next(names))).decision)
        except WrongUse as refused:
            return str(refused)

    said = together(4, approve)
    assert said.count("approved") == 1
    assert all(f"un {run.pk}" in each for each in said if each != "approved")
    assert run.journal.filter(detail__startswith="Approved by").count() == 1
    assert (work(run).state, stage.calls) == (RunState.SUCCEEDED, ["change"])


@pytest.mark.django_db(transaction=True)
def test_of_one_who_approves_and_one_who_refuses_at_once_one_decides(careful: Environment) -> None:
    run = asked(careful)
    acts = iter([approvals.approve, approvals.refuse])

    def decide() -> str:
        try:
            return str(next(acts)(run, By("command", name="paul", reason="so be it")).decision)
        except WrongUse:
            return "too late"

    said = set(together(2, decide))
    assert "too late" in said
    assert decided(run) in (("approved", "queued"), ("refused", "cancelled"))


def test_a_stale_click_decides_nothing(careful: Environment) -> None:
    run = asked(careful)
    approvals.approve(run, PAUL)
    with pytest.raises(WrongUse, match=r"does not wait for a second person any more \(approved\)"):
        approvals.refuse(run, By("command", name="ada", reason="no"))
    assert decided(run) == ("approved", "queued")


def test_a_run_that_needs_nobody_cannot_be_approved(careful: Environment) -> None:
    run = queue(careful, "change")
    with pytest.raises(WrongUse, match="needs no second person"):
        approvals.approve(run, PAUL)
    assert Run.objects.get().state == RunState.QUEUED


def test_while_another_run_is_under_way_the_request_stays_and_says_which(careful: Environment) -> None:
    run, other = asked(careful), queue(careful, "look", title="Back up school")
    with pytest.raises(WrongUse, match=rf"“Back up school” \(run {other.pk}\) is under way at school"):
        approvals.approve(run, PAUL)
    assert decided(run) == ("waiting", "planned")


def test_what_ended_while_the_plan_was_looked_at_is_looked_at_again(careful: Environment) -> None:
    def planner(environment: Environment, _: dict[str, Any]) -> Plan:
        work(queue(environment, "change"))
        return planned(environment, "change", disturbs=True)

    planners.add({"test": planner})
    run = asked(careful)
    with pytest.raises(WrongUse, match="Another run has just ended at school; look again"):
        approvals.approve(run, PAUL)
    assert decided(run) == ("waiting", "planned")


def test_several_may_wait_and_none_is_in_the_way_of_a_scheduled_backup(careful: Environment) -> None:
    first, second = asked(careful), asked(careful)
    assert work(queue(careful, "look")).state == RunState.SUCCEEDED
    assert (decided(first), decided(second)) == (("waiting", "planned"), ("waiting", "planned"))


def test_a_cancelled_request_is_void(careful: Environment) -> None:
    run = asked(careful)
    cancel.request(run, MARIA)
    assert decided(run) == ("void", "cancelled")
    with pytest.raises(WrongUse, match="any more"):
        approvals.approve(run, PAUL)


def test_a_cancel_that_meets_an_approval_stops_the_run(
    careful: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = asked(careful)
    monkeypatch.setattr(cancel, "_drop", lambda run, _: approvals.approve(run, PAUL).waits)
    cancel.request(run, MARIA)
    assert (work(run).state, stage.calls) == (RunState.CANCELLED, [])


def test_secrets_in_a_note_are_not_kept(careful: Environment) -> None:
    run = asked(careful, replace(MARIA, reason="password=hunter22"))
    approvals.refuse(run, replace(PAUL, reason="password=hunter23"))
    run.refresh_from_db()
    approval = Approval.objects.get()
    kept = [approval.reason, approval.note, run.headline, *run.journal.values_list("detail", flat=True)]
    assert not [text for text in kept if "hunter" in text]
