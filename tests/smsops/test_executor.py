"""A run from its first tick to its verdict, and the words for each verdict."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from smsops import signals
from smsops.errors import OpsError
from smsops.models import Environment, Run, RunState, Step
from smsops.runs import executor, leases
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done
from tests.smsops.stages import Stage, queue, states, work

pytestmark = pytest.mark.django_db
BROKEN = OpsError("The disk is full.", fix="Make room.")
FLAKY = OpsError("The engine does not answer.", transient=True)


def test_the_steps_are_done_in_order_and_the_run_succeeds(environment: Environment, stage: Stage) -> None:
    run = work(queue(environment, "look", "make", "change"))
    assert run.state == RunState.SUCCEEDED
    assert states(run) == ["done", "done", "done"]
    assert stage.calls == ["look", "make", "change"]


def test_a_run_without_steps_succeeds(environment: Environment, stage: Stage) -> None:
    assert work(queue(environment)).headline == "Test run: done."


def test_what_a_step_found_is_a_fact_for_the_steps_after_it(environment: Environment, stage: Stage) -> None:
    stage.say("look", Done({"rows": 200}))
    stage.say("make", lambda ctx: Done({"seen": ctx.fact("stage.look", "rows"), "none": ctx.fact("x", "y", 7)}))
    run = work(queue(environment, "look", "make"))
    assert run.facts == {"stage.look": {"rows": 200}, "stage.make": {"seen": 200, "none": 7}}
    assert run.steps.get(position=1).result == {"rows": 200}


def test_the_headline_is_the_last_one_a_step_gave(environment: Environment, stage: Stage) -> None:
    stage.say("look", Done({"headline": "Looked."}))
    stage.say("make", Done({"headline": "200 students are safe."}))
    assert work(queue(environment, "look", "make", "change")).headline == "200 students are safe."


def test_a_skipped_step_is_said_to_be_skipped_and_the_run_goes_on(environment: Environment, stage: Stage) -> None:
    stage.say("look", Done(output="Nothing to look at.", skipped=True))
    run = work(queue(environment, "look", "make"))
    assert states(run) == ["skipped", "done"]
    assert run.steps.get(position=1).output == "Nothing to look at."


def test_parameters_of_the_step_win_over_the_run_s(environment: Environment, stage: Stage) -> None:
    stage.say("look", lambda ctx: Done(ctx.params))
    run = queue(environment, "look", params={"a": 1, "b": 1})
    run.steps.update(params={"b": 2})
    assert work(run).facts["stage.look"] == {"a": 1, "b": 2}


def test_what_a_step_remembers_is_there_when_it_is_entered_again(environment: Environment, stage: Stage) -> None:
    def count(ctx: Context) -> Any:
        ctx.remember(turn=ctx.memo.get("turn", 0) + 1)
        turn = Step.objects.get(pk=ctx.step.pk).memo["turn"]
        return Done({"turns": turn}) if turn == 3 else Again(0)

    stage.say("look", count)
    assert work(queue(environment, "look")).facts["stage.look"] == {"turns": 3}


def test_a_step_that_goes_on_gives_the_worker_back_and_shows_its_progress(
    environment: Environment, stage: Stage
) -> None:
    stage.say("look", Again(30, "2 of 3 checks"), Done())
    run = queue(environment, "look")
    assert executor.drive(run.pk) == 30
    step = run.steps.get()
    assert (step.state, step.progress) == ("waiting", "2 of 3 checks")
    run.refresh_from_db()
    assert timedelta(seconds=20) < run.next_tick_at - timezone.now() <= timedelta(seconds=30)
    work(run)
    assert (run.steps.get().state, run.steps.get().progress) == ("done", "")


def test_a_slice_that_is_used_up_gives_the_worker_back(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look", "make")
    assert executor.drive(run.pk, slice_seconds=0) == 0
    assert stage.calls == []
    assert executor.drive(run.pk, slice_seconds=0) == 0
    assert stage.calls == ["look"]


def test_a_step_that_is_not_done_in_time_fails_with_what_was_last_seen(environment: Environment, stage: Stage) -> None:
    stage.say("look", Again(1, "still starting"))
    run = queue(environment, "look")
    executor.drive(run.pk)
    run.steps.update(started_at=timezone.now() - timedelta(seconds=301))
    work(run)
    assert run.cause == "“Look around” was not done within 300 s. Last seen: still starting"
    assert stage.calls == ["look"]


def test_a_step_within_its_time_is_asked_again(environment: Environment, stage: Stage) -> None:
    stage.say("look", Again(1), Done())
    run = queue(environment, "look")
    executor.drive(run.pk)
    run.steps.update(started_at=timezone.now() - timedelta(seconds=290))
    assert work(run).state == RunState.SUCCEEDED


def test_a_transient_error_is_tried_again_and_forgotten(environment: Environment, stage: Stage) -> None:
    stage.say("make", FLAKY, FLAKY, Done())
    run = work(queue(environment, "make"))
    assert run.state == RunState.SUCCEEDED
    assert (run.steps.get().attempts, run.steps.get().error) == (3, "")


def test_between_two_tries_there_is_a_growing_pause(environment: Environment, stage: Stage) -> None:
    stage.say("make", FLAKY)
    run = queue(environment, "make")
    assert [executor.drive(run.pk), executor.drive(run.pk)] == [1.0, 2.0]


def test_a_transient_error_is_final_after_the_last_try(environment: Environment, stage: Stage) -> None:
    stage.say("look", FLAKY)
    run = work(queue(environment, "look"))
    assert stage.calls == ["look"] * 3
    assert (run.state, run.cause) == (RunState.SAFE, "The engine does not answer.")


def test_another_error_fails_at_once_and_later_steps_are_never_begun(environment: Environment, stage: Stage) -> None:
    stage.say("look", BROKEN)
    run = work(queue(environment, "look", "make"))
    assert stage.calls == ["look"]
    assert states(run) == ["failed", "pending"]
    assert run.steps.get(position=1).error == "The disk is full. Make room."


def test_tidying_up_that_fails_is_told_and_undoes_nothing(environment: Environment, stage: Stage) -> None:
    stage.say("tidy", BROKEN)
    run = work(queue(environment, "change", "tidy", "look"))
    assert (run.state, states(run)) == (RunState.SUCCEEDED, ["done", "failed", "done"])
    assert run.headline == "Test run: done. But “Tidy up” failed: The disk is full. Make room."
    assert stage.calls == ["change", "tidy", "look"]


def test_a_failure_after_it_undoes_all_of_it(environment: Environment, stage: Stage) -> None:
    stage.say("tidy", BROKEN)
    stage.say("make", OpsError("The volume is gone."))
    run = work(queue(environment, "change", "tidy", "make"))
    assert (run.state, run.cause) == (RunState.UNDONE, "The volume is gone.")
    assert stage.calls[3:] == ["undo make", "undo tidy", "undo change"]


def test_a_step_of_a_kind_that_is_no_more_fails_with_a_sentence(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look", "change")
    run.steps.filter(position=2).update(kind="stage.of_an_older_smsops")
    assert "does not know the step “stage.of_an_older_smsops”" in work(run).cause
    assert run.state == RunState.SAFE


def test_an_error_nobody_planned_for_is_one_sentence(environment: Environment, stage: Stage) -> None:
    stage.say("look", ValueError("bad\n  news: SECRET_KEY=canary"))
    run = work(queue(environment, "look"))
    assert run.cause.startswith("smsops did not expect this: ValueError: bad news: SECRET_KEY=[redacted]")
    assert "canary" not in str(list(run.journal.values_list("detail"))) + run.headline


def test_secrets_in_what_a_step_says_are_not_stored(environment: Environment, stage: Stage) -> None:
    stage.say("look", Again(1, "PASSWORD=canary"), Done({"password": "canary"}, "SECRET_KEY=canary"))
    run = queue(environment, "look")
    executor.drive(run.pk)
    assert run.steps.get().progress == "PASSWORD=[redacted]"
    work(run)
    assert run.steps.get().output == "SECRET_KEY=[redacted]"
    assert run.facts == {"stage.look": {"password": "[redacted]"}} == {"stage.look": run.steps.get().result}


def test_every_line_of_the_journal_is_there_in_order(environment: Environment, stage: Stage) -> None:
    run = work(queue(environment, "look", "make"))
    assert list(run.journal.values_list("entry", "step__position")) == [
        ("state", None),
        ("intent", 1),
        ("done", 1),
        ("intent", 2),
        ("done", 2),
        ("state", None),
    ]


def test_the_intent_can_be_read_before_the_step_acts(environment: Environment, stage: Stage) -> None:
    stage.say("make", lambda ctx: Done({"seen": Step.objects.get().state}))
    assert work(queue(environment, "make")).facts["stage.make"] == {"seen": "running"}


def test_times_are_kept(environment: Environment, stage: Stage) -> None:
    run = work(queue(environment, "look"))
    step = run.steps.get()
    assert run.started_at and step.started_at and step.finished_at and run.finished_at
    assert run.created_at <= run.started_at <= step.started_at <= step.finished_at <= run.finished_at
    assert 0 < step.work_seconds <= (step.seconds or 0)
    assert (run.seconds or 0) >= (step.seconds or 0)


@pytest.mark.parametrize("state", ["planned", "succeeded", "cancelled"])
def test_a_run_that_is_not_to_be_worked_on_is_left(environment: Environment, stage: Stage, state: str) -> None:
    run = queue(environment, "look")
    Run.objects.update(state=state, end_announced=True)
    assert executor.drive(run.pk) is None
    assert stage.calls == []


def test_a_run_that_does_not_exist_is_nothing_to_do(stage: Stage) -> None:
    assert executor.drive(4711) is None


def test_a_run_somebody_else_works_on_is_left(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look")
    held = leases.claim(run.lease_scope)
    assert executor.drive(run.pk) is None
    assert stage.calls == []
    assert held is not None
    leases.release(held)
    assert work(run).state == RunState.SUCCEEDED


def test_a_run_alone_in_its_scope_is_worked_on_beside_an_exclusive_one(environment: Environment, stage: Stage) -> None:
    assert leases.claim(queue(environment, "change").lease_scope)
    assert work(queue(environment, "look", exclusive=False)).state == RunState.SUCCEEDED


def test_the_lease_is_given_back_after_each_slice(environment: Environment, stage: Stage) -> None:
    stage.say("look", Again(5))
    run = queue(environment, "look")
    executor.drive(run.pk)
    assert leases.claim(run.lease_scope) is not None


def test_what_a_step_creates_is_labelled_with_run_and_token(environment: Environment, stage: Stage) -> None:
    stage.say("look", lambda ctx: Done({"labels": ctx.labels}))
    run = work(queue(environment, "look"))
    assert run.facts["stage.look"]["labels"] == {
        "smsops.environment": "school",
        "smsops.run": str(run.pk),
        "smsops.token": str(run.steps.get().token),
    }


def test_the_end_is_announced_once_with_the_verdict_in_place(environment: Environment, stage: Stage) -> None:
    heard: list[tuple[str, bool]] = []

    def hear(run: Run, **_: Any) -> None:
        heard.append((Run.objects.get(pk=run.pk).state, run.end_announced))

    signals.run_ended.connect(hear)
    run = work(queue(environment, "look"))
    work(run)
    assert heard == [("succeeded", False)]
    assert run.end_announced


def test_a_listener_that_fails_does_not_keep_the_end_from_the_others(environment: Environment, stage: Stage) -> None:
    heard: list[str] = []

    def fail(**_: Any) -> None:
        raise ValueError

    def hear(run: Run, **_: Any) -> None:
        heard.append(run.state)

    signals.run_ended.connect(fail)
    signals.run_ended.connect(hear)
    assert work(queue(environment, "look")).end_announced
    assert heard == ["succeeded"]


def test_facts_and_journal_of_a_step_are_written_together_or_not_at_all(environment: Environment, stage: Stage) -> None:
    def lose(ctx: Context) -> Done:
        with transaction.atomic():
            leases.release(ctx.held)
        return Done({"rows": 200})

    stage.say("look", lose)
    run = queue(environment, "look")
    assert executor.drive(run.pk) is None
    run.refresh_from_db()
    assert (run.facts, states(run)) == ({}, ["running"])
