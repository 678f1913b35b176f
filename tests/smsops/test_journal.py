"""The journal: a line and the row it explains in one transaction, and only under a lease."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from smsops import signals
from smsops.errors import LeaseLost
from smsops.models import Environment, JournalEntry, Run, RunState, Step
from smsops.runs import executor, journal, leases
from smsops.runs.kinds import Again, Done
from smsops.runs.leases import Held
from tests.smsops.stages import Stage, queue, take_over, work

pytestmark = pytest.mark.django_db


def _held(environment: Environment) -> tuple[Run, Held]:
    """A run, and the lease a worker holds on it."""
    run = queue(environment, "change")
    held = leases.claim(run.lease_scope)
    assert held is not None
    return run, held


def _overtaken(environment: Environment) -> tuple[Run, Held]:
    run, held = _held(environment)
    take_over(held.scope)
    return run, held


def test_the_journal_refuses_a_line_of_who_was_overtaken(environment: Environment, stage: Stage) -> None:
    run, old = _overtaken(environment)
    with pytest.raises(LeaseLost):
        journal.write(old, run, "done", run.steps.get(), state="done", output="x")
    assert (run.steps.get().state, run.steps.get().output) == ("pending", "")
    assert not JournalEntry.objects.exists()


def test_the_journal_refuses_a_note_of_who_was_overtaken(environment: Environment, stage: Stage) -> None:
    run, old = _overtaken(environment)
    with pytest.raises(LeaseLost):
        journal.note(old, run.steps.get(), progress="x")
    assert run.steps.get().progress == ""


def test_the_journal_refuses_to_move_a_run_for_who_was_overtaken(environment: Environment, stage: Stage) -> None:
    run, old = _overtaken(environment)
    with pytest.raises(LeaseLost):
        journal.move(old, run, RunState.RUNNING)
    assert (Run.objects.get().state, JournalEntry.objects.count()) == (RunState.QUEUED, 0)


def test_a_run_that_changed_under_its_lease_is_not_moved(environment: Environment, stage: Stage) -> None:
    run, held = _held(environment)
    Run.objects.update(state=RunState.CANCELLED)
    with pytest.raises(RuntimeError, match="changed under its own lease"):
        journal.move(held, run, RunState.RUNNING)
    assert (Run.objects.get().state, JournalEntry.objects.count()) == (RunState.CANCELLED, 0)


def test_a_line_carries_token_holder_and_no_secret(environment: Environment, stage: Stage) -> None:
    run, held = _held(environment)
    journal.write(held, run, "failed", run.steps.get(), "SECRET_KEY=canary", error="SECRET_KEY=canary")
    line = JournalEntry.objects.get()
    assert (line.token, line.holder, line.detail) == (held.token, held.holder, "SECRET_KEY=[redacted]")
    assert (run.steps.get().error, run.steps.get().token) == ("SECRET_KEY=[redacted]", held.token)


def test_only_the_end_of_a_long_output_is_kept(environment: Environment, stage: Stage) -> None:
    lines = "".join(f"line {number}\n" for number in range(12_000))
    stage.say("look", Done(output=lines))
    output = work(queue(environment, "look")).steps.get().output
    assert len(output) == journal.MAX_OUTPUT
    assert output.endswith("line 11999\n")


def test_a_progress_is_cut_to_its_column(environment: Environment, stage: Stage) -> None:
    stage.say("look", Again(30, "waits for " + "x" * 300))
    run = queue(environment, "look")
    executor.drive(run.pk)
    assert len(run.steps.get().progress) == Step._meta.get_field("progress").max_length


def test_what_postgresql_would_refuse_is_taken_out(environment: Environment, stage: Stage) -> None:
    stage.say("look", Done({"line": ["a\0b"]}, "a\0b"))
    run = work(queue(environment, "look"))
    assert (run.steps.get().output, run.facts["stage.look"]) == ("ab", {"line": ["ab"]})


@pytest.mark.django_db(transaction=True)
def test_a_boundary_is_told_when_the_journal_is_written_and_not_before(environment: Environment, stage: Stage) -> None:
    told: dict[str, bool] = {}

    def hear(where: str, **_: Any) -> None:
        told[where] = connection.in_atomic_block

    signals.boundary.connect(hear)
    try:
        work(queue(environment, "look"))
    finally:
        signals.boundary.disconnect(hear)
    assert told == dict.fromkeys(["running", "intent", "acted", "done", "succeeded"], False)
