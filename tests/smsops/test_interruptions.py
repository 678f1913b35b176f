"""Workers die anywhere; the next one looks at the world first and never guesses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import smsops.celery  # noqa: F401  (makes the scheme `folder` known)
from smsops import signals
from smsops.errors import OpsError
from smsops.models import Environment, Run, RunState
from smsops.runs import executor
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Found, Probe
from smsops.runs.stepping import MAX_INTERRUPTIONS
from tests.kills import kill_at_every_boundary
from tests.smsops.stages import Death, Stage, dying_at, queue, states, work

pytestmark = pytest.mark.django_db
BROKEN = OpsError("The disk is full.")


def _interrupted(environment: Environment, where: str = "intent") -> Run:
    """A run whose worker died in its only step."""
    run = queue(environment, "change")
    with dying_at(where):
        executor.drive(run.pk)
    assert states(run) == ["running"]
    return run


def _entries(run: Run) -> list[str]:
    return list(run.journal.filter(step__isnull=False).values_list("entry", flat=True))


def test_a_fresh_step_is_not_probed(environment: Environment, stage: Stage) -> None:
    stage.say("probe change", Probe(Found.DONE))
    work(queue(environment, "change"))
    assert stage.calls == ["change"]


def test_what_has_happened_already_is_not_done_again(environment: Environment, stage: Stage) -> None:
    run = _interrupted(environment, "acted")
    stage.say("probe change", Probe(Found.DONE, {"container": "c1", "headline": "It was there."}, "found by its label"))
    work(run)
    assert stage.calls == ["change", "probe change"]
    assert _entries(run) == ["intent", "found_done"]
    assert (run.state, run.headline) == (RunState.SUCCEEDED, "It was there.")
    assert run.facts["stage.change"]["container"] == "c1"
    assert run.steps.get().output == "found by its label"


def test_what_has_not_happened_is_done_from_the_start(environment: Environment, stage: Stage) -> None:
    run = _interrupted(environment)
    stage.say("probe change", Probe(Found.NOT_DONE))
    work(run)
    assert stage.calls == ["probe change", "change"]
    assert _entries(run) == ["intent", "redo", "done"]
    assert (run.state, run.steps.get().interruptions) == (RunState.SUCCEEDED, 1)


def test_what_cannot_be_continued_fails_and_is_undone(environment: Environment, stage: Stage) -> None:
    run = _interrupted(environment)
    stage.say("probe change", Probe(Found.BROKEN, detail="Half of the files are there."))
    work(run)
    assert stage.calls == ["probe change", "undo change"]
    assert (run.state, run.cause) == (RunState.UNDONE, "Half of the files are there.")


def test_a_broken_step_without_a_word_from_the_probe_still_gets_a_sentence(
    environment: Environment, stage: Stage
) -> None:
    run = _interrupted(environment)
    stage.say("probe change", Probe(Found.BROKEN))
    assert work(run).cause == "“Change SMS” was interrupted and cannot be continued."


def test_a_probe_that_fails_for_good_fails_the_step_without_doing_it(environment: Environment, stage: Stage) -> None:
    run = _interrupted(environment)
    stage.say("probe change", OpsError("The volume is gone."))
    work(run)
    assert stage.calls == ["probe change", "undo change"]
    assert run.cause == "The volume is gone."


def test_a_probe_that_cannot_see_now_is_asked_again_before_anything_is_done(
    environment: Environment, stage: Stage
) -> None:
    run = _interrupted(environment, "acted")
    stage.say("probe change", OpsError("The engine does not answer.", transient=True), Probe(Found.DONE))
    work(run)
    assert stage.calls == ["change", "probe change", "probe change"]
    assert run.state == RunState.SUCCEEDED


def test_a_step_that_failed_is_not_tried_again_by_the_next_worker(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN, Done())
    run = queue(environment, "change")
    with dying_at("failed"):
        executor.drive(run.pk)
    work(run)
    assert stage.calls == ["change", "undo change"]
    assert run.state == RunState.UNDONE


def test_a_run_with_a_stuck_step_needs_a_person_whoever_dies(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", OpsError("The volume is gone."))
    run = queue(environment, "make", "change")
    with dying_at("stuck"):
        for _ in range(5):
            executor.drive(run.pk)
    work(run)
    assert (run.state, run.facts.get("by_hand")) == (RunState.NEEDS_HUMAN, ["put back change"])
    assert "undo make" not in stage.calls


def test_a_step_that_loses_its_worker_too_often_is_given_up(environment: Environment, stage: Stage) -> None:
    run = _interrupted(environment)
    for _ in range(MAX_INTERRUPTIONS):
        with dying_at("redo"):
            executor.drive(run.pk)
    work(run)
    assert stage.calls == ["undo change"]
    assert f"“Change SMS” lost its worker {MAX_INTERRUPTIONS} times" in run.cause


def test_one_time_fewer_and_it_is_still_done(environment: Environment, stage: Stage) -> None:
    run = _interrupted(environment)
    for _ in range(MAX_INTERRUPTIONS - 1):
        with dying_at("redo"):
            executor.drive(run.pk)
    assert work(run).state == RunState.SUCCEEDED


def test_a_step_between_two_looks_is_entered_again_as_it_was(environment: Environment, stage: Stage) -> None:
    stage.say("change", Again(30), Done())
    run = queue(environment, "change")
    executor.drive(run.pk)
    assert work(run).steps.get().interruptions == 0
    assert stage.calls == ["change", "change"]


def test_a_worker_lost_before_the_first_step_costs_nothing(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "change")
    with dying_at("running"):
        executor.drive(run.pk)
    assert stage.calls == []
    assert work(run).state == RunState.SUCCEEDED
    assert stage.calls == ["change"]


def test_a_worker_lost_in_the_undo_costs_no_undo(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    run = queue(environment, "make", "change")
    with dying_at("undo_intent"):
        executor.drive(run.pk)
    work(run)
    assert stage.calls == ["make", "change", "undo change", "undo make"]
    assert run.state == RunState.UNDONE


def test_a_worker_lost_behind_the_undo_lets_it_be_undone_again(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    run = queue(environment, "change")
    with dying_at("undo acted"):
        executor.drive(run.pk)
    work(run)
    assert stage.calls == ["change", "undo change", "undo change"]
    assert states(run) == ["undone"]


def _dying_once(heard: list[str]) -> Callable[..., None]:
    """A listener that notes the states it hears of; the worker dies over the first one."""

    def hear(run: Run, **_: Any) -> None:
        heard.append(run.state)
        if len(heard) == 1:
            raise Death

    return hear


def test_the_undo_is_announced_again_when_the_worker_died_over_it(environment: Environment, stage: Stage) -> None:
    heard = list[str]()
    hear = _dying_once(heard)
    signals.run_undoing.connect(hear)
    stage.say("change", BROKEN)
    run = queue(environment, "change")
    with pytest.raises(Death):
        executor.drive(run.pk)
    assert "undo change" not in stage.calls
    work(run)
    assert heard == ["undoing", "undoing"]


def test_the_end_is_announced_again_when_the_worker_died_over_it(environment: Environment, stage: Stage) -> None:
    heard = list[str]()
    hear = _dying_once(heard)
    signals.run_ended.connect(hear)
    run = queue(environment, "change")
    with pytest.raises(Death):
        executor.drive(run.pk)
    run.refresh_from_db()
    assert (run.state, run.end_announced) == (RunState.SUCCEEDED, False)
    work(run)
    assert (heard, run.end_announced) == (["succeeded", "succeeded"], True)


def test_an_undo_that_was_announced_is_not_announced_by_the_next_worker(environment: Environment, stage: Stage) -> None:
    heard: list[int] = []
    signals.run_undoing.connect(lambda run, **_: heard.append(run.pk), weak=False)
    stage.say("change", BROKEN)
    run = queue(environment, "change")
    with dying_at("undo_intent"):
        executor.drive(run.pk)
    work(run)
    assert heard == [run.pk]


def _make_once(file: Path) -> Any:
    """An effect that the outside refuses twice, and its probe."""

    def act(ctx: Context) -> Done:
        file.touch(exist_ok=False)
        return Done()

    return act, lambda ctx: Probe(Found.DONE if file.exists() else Found.NOT_DONE)


PLACES = ("intent", "redo", "acted", "found_done")


@pytest.mark.django_db(transaction=True)
def test_a_run_killed_at_every_boundary_has_every_effect_exactly_once(
    environment: Environment, stage: Stage, tmp_path: Path
) -> None:
    for name in ("make", "commit"):
        act, probe = _make_once(tmp_path / name)
        stage.say(name, act)
        stage.say(f"probe {name}", probe)
    run = queue(environment, "make", "commit")
    deaths = kill_at_every_boundary(run, lambda: None)
    assert (run.state, states(run)) == (RunState.SUCCEEDED, ["done", "done"])
    assert {
        "run:running",
        "stage.make:intent",
        "stage.make:acted",
        "stage.make:found_done",
        "stage.commit:found_done",
    } <= deaths.at
    assert [call for call in stage.calls if not call.startswith("probe")] == ["make", "commit"]


@pytest.mark.django_db(transaction=True)
def test_a_bad_run_killed_at_every_boundary_leaves_nothing_behind(
    environment: Environment, stage: Stage, tmp_path: Path
) -> None:
    def remove(ctx: Context) -> Done:
        file.unlink(missing_ok=True)
        return Done()

    file = tmp_path / "made"
    act, probe = _make_once(file)
    stage.say("change", act)
    stage.say("probe change", probe)
    stage.say("undo change", remove)
    stage.say("commit", BROKEN)
    run = queue(environment, "change", "commit")
    deaths = kill_at_every_boundary(run, lambda: None)
    assert {"run:undoing", "stage.change:undo_intent", "stage.change:undo acted", "run:failed_undone"} <= deaths.at
    assert (run.state, states(run)) == (RunState.UNDONE, ["undone", "undone"])
    assert not file.exists()


@pytest.mark.django_db
def test_a_step_of_an_unknown_kind_that_was_interrupted_needs_a_person(environment: Environment, stage: Stage) -> None:
    """executor.py, _passed_over(): kinds.get() raises there once the step is FAILED with attempts; no verdict ever."""
    run = queue(environment, "change")
    with dying_at("intent"):
        executor.drive(run.pk)
    run.steps.update(kind="stage.of_an_older_smsops")
    assert work(run).state == RunState.NEEDS_HUMAN
