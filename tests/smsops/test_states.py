"""State changes: the table, and that only one caller wins."""

from __future__ import annotations

import itertools

import pytest

from smsops.models import FINAL, RUN_TABLE, Environment, Run, RunState
from smsops.states import IllegalTransition, advance, final_states, table
from tests.smsops.crowd import together

EDGES = {
    ("planned", "queued"),
    ("planned", "cancelled"),
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "succeeded"),
    ("running", "undoing"),
    ("running", "failed_safe"),
    ("undoing", "failed_undone"),
    ("undoing", "failed_safe"),
    ("undoing", "needs_human"),
    ("undoing", "cancelled"),
}
PAIRS = list(itertools.product(RunState.values, repeat=2))


def _run(environment: Environment, state: str) -> Run:
    return Run.objects.create(environment=environment, kind="test", title="Test", state=state)


@pytest.mark.parametrize(("now", "to"), sorted(EDGES))
def test_an_edge_of_the_table_moves_the_row(environment: Environment, now: str, to: str) -> None:
    run = _run(environment, now)
    assert advance(run, RUN_TABLE, to)
    assert run.state == to
    assert Run.objects.get().state == to


@pytest.mark.parametrize(("now", "to"), sorted(set(PAIRS) - EDGES))
def test_what_is_no_edge_is_refused(now: str, to: str) -> None:
    # The refusal comes before the database is asked: without one this test would fail otherwise.
    run = Run(pk=1, kind="test", title="Test", state=now)
    with pytest.raises(IllegalTransition, match=f"Run: {now} -> {to}"):
        advance(run, RUN_TABLE, to)
    assert run.state == now


def test_a_state_outside_the_table_leads_nowhere() -> None:
    with pytest.raises(IllegalTransition):
        advance(Run(pk=1, state="dreaming"), RUN_TABLE, "queued")


def test_of_two_objects_read_in_the_same_state_one_wins(environment: Environment) -> None:
    first = _run(environment, "queued")
    second = Run.objects.get(pk=first.pk)
    assert advance(first, RUN_TABLE, "running", headline="first")
    assert not advance(second, RUN_TABLE, "cancelled", headline="second")
    assert (Run.objects.get().state, Run.objects.get().headline) == ("running", "first")


def test_the_loser_keeps_what_it_had_read(environment: Environment) -> None:
    run = _run(environment, "queued")
    Run.objects.update(state="cancelled")
    assert not advance(run, RUN_TABLE, "running", headline="never")
    assert (run.state, run.headline) == ("queued", "")


def test_values_are_set_with_the_state_and_nothing_else_is(environment: Environment) -> None:
    run = _run(environment, "queued")
    run.title = "not to be stored"
    assert advance(run, RUN_TABLE, "running", headline="Off it goes.")
    stored = Run.objects.get()
    assert (stored.headline, stored.title) == ("Off it goes.", "Test")


@pytest.mark.django_db(transaction=True)
def test_of_twenty_threads_exactly_one_moves_the_row(environment: Environment) -> None:
    run = _run(environment, "queued")
    wins = together(20, lambda: advance(Run(pk=run.pk, state="queued"), RUN_TABLE, "running"))
    assert sorted(wins) == [False] * 19 + [True]


def test_a_state_that_is_only_a_target_is_final() -> None:
    rows = table(new="old gone", old="gone")
    assert rows["gone"] == frozenset()
    assert final_states(rows) == {"gone"}


def test_the_final_states_of_a_run_are_its_verdicts() -> None:
    assert {"succeeded", "failed_undone", "failed_safe", "needs_human", "cancelled"} == FINAL
