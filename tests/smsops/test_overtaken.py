"""A worker whose lease was taken over writes nothing any more; many workers at once have one effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from smsops.errors import OpsError
from smsops.models import Environment, Lease, Run, RunState
from smsops.runs import executor, leases
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done
from smsops.runs.leases import Held
from tests.places import wait_for
from tests.smsops.crowd import forked, together
from tests.smsops.stages import Stage, queue, states, take_over, work

pytestmark = pytest.mark.django_db


def _then(end: Callable[[Context], Any]) -> Callable[[Context], Any]:
    def act(ctx: Context) -> Any:
        take_over(ctx.held.scope)
        return end(ctx)

    return act


def _raising(error: Exception) -> Callable[[Context], Any]:
    def end(ctx: Context) -> Any:
        raise error

    return end


ENDS: dict[str, Callable[[Context], Any]] = {
    "done": lambda ctx: Done({"by": "the old one"}, "the old one did it"),
    "again": lambda ctx: Again(1, "the old one is at it"),
    "an error": _raising(OpsError("The old one failed.")),
    "a transient error": _raising(OpsError("The old one failed.", transient=True)),
    "an unexpected error": _raising(ValueError("The old one failed.")),
    "a note in its memory": lambda ctx: ctx.remember(by="the old one"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_who_was_overtaken_in_a_step_writes_nothing(
    environment: Environment, stage: Stage, end: Callable[[Context], Any]
) -> None:
    stage.say("change", _then(end))
    run = queue(environment, "change")
    assert executor.drive(run.pk) is None
    run.refresh_from_db()
    step = run.steps.get()
    assert (step.state, step.output, step.error, step.progress, step.memo) == ("running", "", "", "", {})
    assert (run.state, run.facts, run.cause) == (RunState.RUNNING, {}, "")
    assert list(run.journal.values_list("entry", "token")) == [("state", 1), ("intent", 1)]


def test_a_guarded_side_effect_does_not_happen_any_more(environment: Environment, stage: Stage) -> None:
    def act(ctx: Context) -> Done:
        ctx.guard()
        stage.note("guarded, with the lease")
        take_over(ctx.held.scope)
        ctx.guard()
        stage.note("guarded, without it")
        return Done()

    stage.say("change", act)
    executor.drive(queue(environment, "change").pk)
    assert stage.calls == ["change", "guarded, with the lease"]


def test_who_was_overtaken_leaves_the_other_s_lease_alone(environment: Environment, stage: Stage) -> None:
    def lose(ctx: Context) -> Done:
        taken.append(take_over(ctx.held.scope))
        return Done()

    taken: list[Held] = []
    stage.say("change", lose)
    executor.drive(queue(environment, "change").pk)
    taken[0].check()
    assert Lease.objects.get().token == 2


def test_who_comes_back_after_the_other_finished_changes_nothing(environment: Environment, stage: Stage) -> None:
    def stall(ctx: Context) -> Done:
        leases.release(take_over(ctx.held.scope))
        work(Run.objects.get(pk=ctx.run.pk))
        return Done({"by": "the old one"})

    stage.say("change", stall, Done({"by": "the new one"}))
    run = queue(environment, "change")
    assert executor.drive(run.pk) is None
    run.refresh_from_db()
    assert (run.state, run.facts["stage.change"]) == (RunState.SUCCEEDED, {"by": "the new one"})
    assert run.steps.get().token == 3


def test_who_was_overtaken_in_the_undo_writes_nothing(environment: Environment, stage: Stage) -> None:
    stage.say("change", OpsError("The disk is full."))
    stage.say("undo change", _then(lambda ctx: Done()))
    run = queue(environment, "change")
    assert executor.drive(run.pk) is None
    run.refresh_from_db()
    assert (run.state, states(run)) == (RunState.UNDOING, ["undoing"])


@pytest.mark.django_db(transaction=True)
def test_a_tick_delivered_to_twenty_threads_at_once_has_one_effect(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look", "make", "change")
    together(20, lambda: executor.drive(run.pk))
    assert work(run).state == RunState.SUCCEEDED
    assert stage.calls == ["look", "make", "change"]
    assert run.journal.filter(entry="intent").count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_tick_delivered_to_twenty_processes_at_once_has_one_effect(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look", "make", "change")
    assert forked(20, lambda: executor.drive(run.pk)) == [0] * 20
    assert work(run).state == RunState.SUCCEEDED
    assert stage.calls == ["look", "make", "change"]


@pytest.mark.django_db(transaction=True)
def test_workers_that_take_turns_at_every_action_have_one_effect_each(environment: Environment, stage: Stage) -> None:
    stage.say("commit", OpsError("The disk is full."))
    run = queue(environment, "look", "make", "change", "commit")

    def take_turns() -> None:
        wait_for(lambda: executor.drive(run.pk, 0) is None and Run.objects.get().end_announced, "the end")

    together(6, take_turns)
    run.refresh_from_db()
    assert run.state == RunState.UNDONE
    assert stage.calls == ["look", "make", "change", "commit", "undo commit", "undo change", "undo make"]


@pytest.mark.django_db(transaction=True)
def test_while_one_worker_is_in_a_step_no_other_enters(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "change")
    stage.say("change", lambda ctx: Done({"others": together(10, lambda: executor.drive(run.pk))}))
    work(run)
    assert run.facts["stage.change"]["others"] == [None] * 10
    assert stage.calls == ["change"]
