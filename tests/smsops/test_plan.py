"""Plans: pure until submitted, then rows; one exclusive run per environment."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User
from pytest_django import DjangoCaptureOnCommitCallbacks

from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Run, RunState, Step
from smsops.runs import bell, kinds, plan
from smsops.runs.plan import By, PlannedStep
from tests.smsops.crowd import together
from tests.smsops.stages import Commit, Look, Stage, planned, queue

pytestmark = pytest.mark.django_db


def test_a_plan_changes_nothing(environment: Environment, stage: Stage) -> None:
    planned(environment, "look", "change")
    assert not Run.objects.exists()
    assert stage.calls == []


def test_a_planned_step_shows_what_its_kind_says(stage: Stage) -> None:
    step = PlannedStep("stage.change")
    assert (step.title, step.undo_note, step.phase) == ("Change SMS", "Takes it back.", "execute")


def test_the_steps_are_written_in_order_with_titles_and_undo_notes(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look", "make", "commit")
    assert [(step.position, step.title, step.undo_note) for step in run.steps.all()] == [
        (1, "Look around", "Changes nothing; there is nothing to undo."),
        (2, "Make room", "Takes it back."),
        (3, "Commit", "Takes it back."),
    ]


def test_a_step_row_knows_phase_parameters_and_point_of_no_return(environment: Environment, stage: Stage) -> None:
    steps = (PlannedStep(Look.key, {"deep": True}), PlannedStep(Commit.key))
    run = plan.submit(planned(environment, steps=steps), By())
    found = Step.objects.filter(run=run).values_list("phase", "params", "point_of_no_return", "state")
    assert list(found) == [("detect", {"deep": True}, False, "pending"), ("execute", {}, True, "pending")]


def test_a_submitted_run_is_queued_with_who_why_and_what(environment: Environment, stage: Stage) -> None:
    user = User.objects.create(username="maria")
    by = By("manual", user, reason="It is broken.")
    run = plan.submit(planned(environment, "look", params={"version": "1.19.0"}, disturbs=True), by)
    stored = Run.objects.get(pk=run.pk)
    assert (stored.state, stored.trigger, stored.reason) == (RunState.QUEUED, "manual", "It is broken.")
    assert (stored.actor, stored.actor_name) == (user, "maria")
    assert (stored.params, stored.disturbs, stored.exclusive) == ({"version": "1.19.0"}, True, True)


def test_somebody_without_an_account_is_kept_by_name(environment: Environment, stage: Stage) -> None:
    run = plan.submit(planned(environment), By(user=AnonymousUser(), name="shell"))  # type: ignore[arg-type]
    assert (run.actor, run.actor_name) == (None, "shell")


def test_a_second_exclusive_run_is_refused_with_the_first_one_s_title_and_number(
    environment: Environment, stage: Stage
) -> None:
    first = queue(environment, "change", title="Deploy 1.19.0")
    with pytest.raises(WrongUse) as refused:
        queue(environment, "change")
    assert f"“Deploy 1.19.0” (run {first.pk}) is under way at school" in str(refused.value)
    assert (Run.objects.count(), Step.objects.count()) == (1, 1)


def test_a_run_that_is_not_exclusive_is_allowed_beside_it(environment: Environment, stage: Stage) -> None:
    queue(environment, "change")
    queue(environment, "look", exclusive=False)
    queue(environment, "look", exclusive=False)
    assert Run.objects.count() == 3


def test_another_environment_is_not_in_the_way(environment: Environment, stage: Stage) -> None:
    queue(environment, "change")
    queue(Environment.objects.create(name="other"), "change")
    assert Run.objects.filter(state="queued").count() == 2


@pytest.mark.parametrize("state", ["queued", "running", "undoing"])
def test_a_run_under_way_keeps_others_out(environment: Environment, stage: Stage, state: str) -> None:
    Run.objects.filter(pk=queue(environment).pk).update(state=state)
    with pytest.raises(WrongUse):
        queue(environment)


@pytest.mark.parametrize("state", ["succeeded", "failed_undone", "failed_safe", "needs_human", "cancelled"])
def test_a_run_that_is_over_does_not(environment: Environment, stage: Stage, state: str) -> None:
    Run.objects.filter(pk=queue(environment).pk).update(state=state)
    assert queue(environment).state == RunState.QUEUED
    assert Run.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_twenty_submissions_at_once_one_is_accepted(environment: Environment, stage: Stage) -> None:
    def submit() -> str:
        try:
            return str(plan.submit(planned(environment, "change"), By()).state)
        except WrongUse as refused:
            return str(refused)

    said = together(20, submit)
    assert said.count("queued") == 1
    assert sum("is under way at school" in sentence for sentence in said) == 19
    assert (Run.objects.count(), Step.objects.count()) == (1, 1)


def test_the_bell_rings_once_the_rows_can_be_read_and_not_before(
    environment: Environment,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(bell, "ring", lambda run: rung.append(run.pk))
    with django_capture_on_commit_callbacks(execute=True):
        run = queue(environment, "look")
        assert rung == []
    assert rung == [run.pk]


def test_a_plan_with_an_unknown_kind_writes_nothing(environment: Environment, stage: Stage) -> None:
    with pytest.raises(OpsError, match=r"does not know the step “stage\.dance”"):
        queue(environment, "look", "dance")
    assert not Run.objects.exists()


def test_two_kinds_cannot_have_one_key(stage: Stage) -> None:
    class Impostor(kinds.StepKind):
        key, title = Look.key, "Impostor"

    kinds.register(Look)
    with pytest.raises(RuntimeError, match=r"two step kinds are called stage\.look"):
        kinds.register(Impostor)
    assert type(kinds.get(Look.key)) is Look
