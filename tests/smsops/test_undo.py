"""What a run did is undone, newest first; if that fails too, a person gets the facts and the commands."""

from __future__ import annotations

from typing import Any

import pytest

from smsops import signals
from smsops.errors import OpsError
from smsops.models import Entry, Environment, JournalEntry, Run, RunState
from smsops.runs import executor
from smsops.runs.kinds import Again, Done
from tests.smsops.stages import Stage, queue, set_back, states, work

pytestmark = pytest.mark.django_db
BROKEN = OpsError("The disk is full.")
STUCK = OpsError("The volume is gone.")


def test_the_steps_done_are_undone_newest_first(environment: Environment, stage: Stage) -> None:
    stage.say("commit", BROKEN)
    run = work(queue(environment, "make", "change", "commit"))
    assert stage.calls == ["make", "change", "commit", "undo commit", "undo change", "undo make"]
    assert states(run) == ["undone"] * 3


def test_a_step_that_failed_half_way_is_undone_too(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    run = work(queue(environment, "change"))
    assert stage.calls == ["change", "undo change"]
    assert run.steps.get().error == "The disk is full."


def test_a_step_that_never_began_is_not_undone(environment: Environment, stage: Stage) -> None:
    stage.say("make", BROKEN)
    run = work(queue(environment, "make", "change"))
    assert stage.calls == ["make", "undo make"]
    assert states(run) == ["undone", "pending"]


def test_a_step_without_an_undo_of_its_own_is_not_undone(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    run = work(queue(environment, "look", "change"))
    assert "undo look" not in stage.calls
    assert states(run) == ["done", "undone"]


def test_a_step_that_was_still_waiting_is_undone(environment: Environment, stage: Stage) -> None:
    stage.say("change", Again(1), BROKEN)
    assert work(queue(environment, "change")).state == RunState.UNDONE


def test_safe_where_no_step_had_anything_to_undo(environment: Environment, stage: Stage) -> None:
    stage.say("look", BROKEN)
    run = work(queue(environment, "look", "change"))
    assert (run.state, run.headline, run.cause) == (RunState.SAFE, "The disk is full.", "The disk is full.")
    assert run.undo_started_at is None


def test_safe_where_what_was_undone_never_touched_sms(environment: Environment, stage: Stage) -> None:
    stage.say("make", BROKEN)
    run = work(queue(environment, "make"))
    assert (run.state, run.headline) == (RunState.SAFE, "The disk is full. Nothing was changed.")


def test_undone_where_sms_had_been_changed(environment: Environment, stage: Stage) -> None:
    stage.say("commit", BROKEN)
    run = work(queue(environment, "change", "commit"))
    assert (run.state, run.headline) == (RunState.UNDONE, "The disk is full. Everything was undone.")
    assert run.started_at and run.undo_started_at and run.finished_at
    assert run.started_at <= run.undo_started_at <= run.finished_at


def test_an_undo_that_goes_on_is_asked_again(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", Again(30, "draining"), Done(output="Old one is back."))
    run = queue(environment, "change")
    assert executor.drive(run.pk) == 30
    assert (run.steps.get().state, run.steps.get().progress) == ("undoing", "draining")
    work(run)
    assert (run.state, run.steps.get().output) == (RunState.UNDONE, "Old one is back.")


def test_an_undo_that_fails_is_tried_three_times(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", STUCK, STUCK, Done())
    run = work(queue(environment, "change"))
    assert stage.calls.count("undo change") == 3
    assert run.state == RunState.UNDONE


def test_a_person_is_needed_when_the_undo_failed_three_times(environment: Environment, stage: Stage) -> None:
    stage.say("commit", BROKEN)
    stage.say("undo change", STUCK)
    run = work(queue(environment, "make", "change", "commit"))
    assert stage.calls.count("undo change") == 3
    assert run.state == RunState.NEEDS_HUMAN
    assert run.headline == "The disk is full. The undo stopped at “Change SMS”: The volume is gone."
    assert states(run) == ["done", "stuck", "undone"]


def test_nothing_older_is_undone_below_a_step_that_is_stuck(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", STUCK)
    work(queue(environment, "make", "change"))
    assert "undo make" not in stage.calls


def test_the_commands_for_the_person_are_kept(environment: Environment, stage: Stage) -> None:
    stage.say("make", Done({"room": 7}))
    stage.say("change", BROKEN)
    stage.say("undo change", STUCK)
    stage.say("by hand change", ["docker start sms-app"])
    run = work(queue(environment, "make", "change"))
    assert run.facts == {"stage.make": {"room": 7}, "by_hand": ["docker start sms-app"]}


def test_commands_that_cannot_be_told_do_not_change_the_verdict(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", STUCK)
    stage.say("by hand change", OpsError("The engine does not answer.", transient=True))
    run = work(queue(environment, "change"))
    assert (run.state, run.facts["by_hand"]) == (RunState.NEEDS_HUMAN, [])


def test_between_two_tries_of_an_undo_there_is_a_pause(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", STUCK)
    run = queue(environment, "change")
    assert [executor.drive(run.pk), executor.drive(run.pk), executor.drive(run.pk)] == [1.0, 2.0, None]


def test_an_undo_error_nobody_planned_for_needs_a_person_too(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", KeyError("volume"))
    run = work(queue(environment, "change"))
    assert run.state == RunState.NEEDS_HUMAN
    assert "smsops did not expect this: KeyError: 'volume'" in run.headline


def test_an_undo_that_takes_too_long_needs_a_person(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", Again(1, "still draining"))
    run = queue(environment, "change")
    executor.drive(run.pk)
    set_back(run, 301)
    work(run)
    assert run.state == RunState.NEEDS_HUMAN
    assert "was not done within 300 s. still draining" in run.headline
    assert stage.calls.count("undo change") == 1


def test_the_undo_is_announced_before_anything_is_undone_and_the_end_after(
    environment: Environment, stage: Stage
) -> None:
    def hear_undoing(run: Run, **_: Any) -> None:
        stage.note(f"undoing: {run.cause}")

    def hear_end(run: Run, **_: Any) -> None:
        stage.note(f"ended: {run.state}")

    signals.run_undoing.connect(hear_undoing)
    signals.run_ended.connect(hear_end)
    stage.say("change", BROKEN)
    work(queue(environment, "change"))
    assert stage.calls == ["change", "undoing: The disk is full.", "undo change", "ended: failed_undone"]


def test_a_good_run_announces_no_undo(environment: Environment, stage: Stage) -> None:
    heard: list[int] = []
    signals.run_undoing.connect(lambda run, **_: heard.append(run.pk), weak=False)
    work(queue(environment, "change"))
    assert heard == []


def test_a_listener_that_fails_does_not_keep_the_undo_from_happening(environment: Environment, stage: Stage) -> None:
    def fail(**_: Any) -> None:
        raise ValueError

    signals.run_undoing.connect(fail)
    stage.say("change", BROKEN)
    assert work(queue(environment, "change")).state == RunState.UNDONE


def test_the_journal_tells_every_try_of_the_undo(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", STUCK)
    run = work(queue(environment, "change"))
    entries = list(JournalEntry.objects.filter(run=run, step__isnull=False).values_list("entry", flat=True))
    assert entries == [Entry.INTENT, Entry.FAILED, Entry.UNDO_INTENT, Entry.RETRY, Entry.RETRY, Entry.STUCK]
