"""What is tried again, for how long, and whose time counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from smsops.errors import OpsError, RuntimeUnavailable
from smsops.models import Environment, Run, RunState, StepState
from smsops.runs import executor, patience
from smsops.runs.kinds import Again, Done, Found, Probe
from tests.smsops.stages import Stage, dying_at, queue, set_back, states, work

pytestmark = pytest.mark.django_db
AWAY = RuntimeUnavailable("The engine does not answer.")
LOCKED = OpsError("The database stayed locked.", transient=True)
BROKEN = OpsError("The disk is full.")


def _long_ago(run: Run, seconds: float) -> None:
    """As if every worker had been away for so long since the last delivery."""
    Run.objects.filter(pk=run.pk).update(next_tick_at=timezone.now() - timedelta(seconds=seconds))
    set_back(run, seconds)


def test_an_engine_that_comes_back_after_many_tries_is_waited_for(environment: Environment, stage: Stage) -> None:
    stage.say("change", *[AWAY] * 9, Done())
    run = work(queue(environment, "change"))
    assert run.state == RunState.SUCCEEDED


def test_the_undo_waits_for_the_engine_as_well(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", *[AWAY] * 9, Done())
    assert work(queue(environment, "change")).state == RunState.UNDONE


def test_an_engine_that_stays_away_is_a_failure_in_the_end(
    environment: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "ENGINE_AWAY", -1.0)
    stage.say("change", AWAY)
    run = work(queue(environment, "change"))
    assert run.cause == "The engine does not answer."
    assert stage.calls == ["change", "undo change"]


def test_between_two_looks_for_the_engine_the_pause_grows_to_ten_seconds(
    environment: Environment, stage: Stage
) -> None:
    stage.say("change", AWAY)
    run = queue(environment, "change")
    assert [executor.drive(run.pk) for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_another_passing_error_is_tried_three_times(environment: Environment, stage: Stage) -> None:
    stage.say("change", LOCKED)
    run = queue(environment, "change")
    assert [executor.drive(run.pk) for _ in range(3)] == [1.0, 2.0, None]
    assert stage.calls == ["change"] * 3 + ["undo change"]


def test_a_second_try_looks_first_whether_the_first_had_worked(environment: Environment, stage: Stage) -> None:
    stage.say("change", AWAY)
    stage.say("probe change", Probe(Found.DONE, detail="It had happened."))
    run = work(queue(environment, "change"))
    assert run.state == RunState.SUCCEEDED
    assert stage.calls == ["change", "probe change"]


def test_a_second_try_is_not_the_loss_of_a_worker(environment: Environment, stage: Stage) -> None:
    stage.say("change", *[AWAY] * 7, Done())
    run = work(queue(environment, "change"))
    assert (run.steps.get().interruptions, run.state) == (0, RunState.SUCCEEDED)


@pytest.mark.parametrize("hours", [1, 100])
def test_time_without_any_worker_is_not_counted_against_a_step(
    environment: Environment, stage: Stage, hours: int
) -> None:
    run = queue(environment, "change")
    with dying_at("intent"):
        executor.drive(run.pk)
    _long_ago(run, hours * 3600)
    assert work(run).state == RunState.SUCCEEDED


def test_time_without_any_worker_is_not_counted_against_an_undo(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    run = queue(environment, "change")
    with dying_at("undo_intent"):
        executor.drive(run.pk)
    _long_ago(run, 3600)
    assert work(run).state == RunState.UNDONE


def test_time_in_which_the_step_was_looked_at_is_counted(environment: Environment, stage: Stage) -> None:
    stage.say("change", Again(1, "still draining"))
    run = queue(environment, "change")
    executor.drive(run.pk)
    set_back(run, 301)
    work(run)
    assert run.cause == "“Change SMS” was not done within 300 s. Last seen: still draining"
    assert states(run) == [StepState.UNDONE]
