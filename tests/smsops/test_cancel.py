"""Cancelling: a flag honoured between steps; past the point of no return it means “finish first”."""

from __future__ import annotations

from typing import Any

import pytest

from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Run, RunState
from smsops.runs import cancel, executor
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done
from smsops.runs.plan import By
from tests.smsops.stages import Stage, queue, states, work

pytestmark = pytest.mark.django_db
BY = By(name="maria", reason="wrong school")
STOPS = "It stops after the step it is in, and undoes what it did."
FINISHES = "It is past the point of no return and will finish first; afterwards you can go back."


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(cancel, "ring_on_commit", lambda run: found.append(run.pk))
    return found


def _cancel(ctx: Context) -> Done:
    """A person cancels while the step is being done."""
    cancel.request(Run.objects.get(pk=ctx.run.pk), BY)
    return Done()


def test_a_run_cancelled_before_it_began_does_nothing(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "change")
    assert cancel.request(run, BY) == STOPS
    work(run)
    assert (run.state, run.headline) == (RunState.CANCELLED, "Cancelled before it began, by maria: wrong school.")
    assert (stage.calls, states(run), run.end_announced) == ([], ["pending"], True)


def test_a_run_cancelled_between_two_steps_undoes_what_it_did(environment: Environment, stage: Stage) -> None:
    stage.say("change", _cancel)
    run = work(queue(environment, "make", "change", "commit"))
    assert stage.calls == ["make", "change", "undo change", "undo make"]
    assert (run.state, run.headline) == (
        RunState.CANCELLED,
        "Cancelled, by maria: wrong school. Everything is as before.",
    )
    assert states(run) == ["undone", "undone", "pending"]


def test_a_run_cancelled_where_nothing_was_to_undo_is_cancelled_too(environment: Environment, stage: Stage) -> None:
    stage.say("look", _cancel)
    assert work(queue(environment, "look", "change")).state == RunState.CANCELLED
    assert stage.calls == ["look"]


def test_a_step_that_waits_is_not_entered_again_after_a_cancel(environment: Environment, stage: Stage) -> None:
    stage.say("change", Again(30))
    run = queue(environment, "change")
    executor.drive(run.pk)
    assert cancel.request(run, BY) == STOPS
    work(run)
    assert stage.calls == ["change", "undo change"]
    assert run.state == RunState.CANCELLED


def test_past_the_point_of_no_return_the_run_finishes_first(environment: Environment, stage: Stage) -> None:
    stage.say("commit", _cancel)
    run = work(queue(environment, "commit", "make"))
    assert (run.state, run.cancel_requested) == (RunState.SUCCEEDED, True)
    assert stage.calls == ["commit", "make"]


def test_the_answer_says_that_the_run_is_past_the_point_of_no_return(environment: Environment, stage: Stage) -> None:
    stage.say("commit", Again(30))
    run = queue(environment, "commit")
    executor.drive(run.pk)
    assert cancel.request(run, BY) == FINISHES


def test_a_point_of_no_return_still_ahead_does_not_matter(environment: Environment, stage: Stage) -> None:
    stage.say("make", Again(30))
    run = queue(environment, "make", "commit")
    executor.drive(run.pk)
    assert cancel.request(run, BY) == STOPS
    assert work(run).state == RunState.CANCELLED


def test_a_failure_after_a_cancel_too_late_is_a_failure(environment: Environment, stage: Stage) -> None:
    stage.say("commit", _cancel)
    stage.say("make", OpsError("The disk is full."))
    run = work(queue(environment, "commit", "make"))
    assert run.state == RunState.UNDONE
    assert run.cause == "The disk is full."


def test_a_step_that_fails_while_it_is_cancelled_is_a_failure(environment: Environment, stage: Stage) -> None:
    def cancel_and_fail(ctx: Context) -> Any:
        _cancel(ctx)
        raise OpsError("The disk is full.")

    stage.say("change", cancel_and_fail)
    run = work(queue(environment, "change"))
    assert (run.state, run.cause) == (RunState.UNDONE, "The disk is full.")


def test_a_cancel_whose_undo_fails_needs_a_person(environment: Environment, stage: Stage) -> None:
    stage.say("change", _cancel)
    stage.say("undo change", OpsError("The volume is gone."))
    run = work(queue(environment, "change", "make"))
    assert run.state == RunState.NEEDS_HUMAN


def test_a_cancel_rings_so_that_nobody_waits_for_the_next_tick(
    environment: Environment, stage: Stage, rung: list[int]
) -> None:
    run = queue(environment, "change")
    cancel.request(run, BY)
    assert rung == [run.pk]


@pytest.mark.parametrize("state", ["succeeded", "failed_safe", "needs_human", "cancelled"])
def test_a_run_that_is_not_under_way_cannot_be_cancelled(
    environment: Environment, stage: Stage, rung: list[int], state: str
) -> None:
    run = queue(environment, "change")
    Run.objects.update(state=state)
    run.refresh_from_db()
    with pytest.raises(WrongUse, match=f"Run {run.pk} is over"):
        cancel.request(run, BY)
    assert (Run.objects.get().cancel_requested, rung) == (False, [])


def test_a_run_that_is_only_planned_is_cancelled_on_the_spot(
    environment: Environment, stage: Stage, rung: list[int]
) -> None:
    run = queue(environment, "change")
    Run.objects.update(state=RunState.PLANNED)
    assert cancel.request(run, BY) == "It had not begun and will not."
    assert (run.state, run.headline) == (RunState.CANCELLED, "Cancelled before it began, by maria: wrong school.")
    assert work(run).end_announced


def test_who_cancelled_and_why_is_in_the_journal_without_secrets(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "change")
    cancel.request(run, By(name="maria", reason="password=hunter22"))
    assert run.journal.get(entry="cancel").detail == run.cancel_note == "maria: password=[redacted]"
