"""The sweep rings for every run that nobody works on, and for no other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from smsops.models import FINAL, Environment, Lease, Run, RunState
from smsops.runs import executor, leases, reaper
from smsops.runs.kinds import Again
from tests.factories import make_environment
from tests.smsops.crowd import forked
from tests.smsops.stages import Stage, dying_at, queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(reaper, "ring", lambda run, **_: found.append(run.pk))
    return found


def _run(environment: Environment, **fields: Any) -> Run:
    run = queue(environment, "look", exclusive=False)
    Run.objects.filter(pk=run.pk).update(**fields)
    return run


def _in(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("state", ["queued", "running", "undoing"])
def test_a_run_under_way_that_nobody_holds_is_rung_for(
    environment: Environment, stage: Stage, rung: list[int], state: str, exclusive: bool
) -> None:
    run = _run(environment, state=state, exclusive=exclusive)
    assert reaper.sweep() == 1
    assert rung == [run.pk]


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_run_whose_end_was_never_announced_is_rung_for(
    environment: Environment, stage: Stage, rung: list[int], state: str
) -> None:
    run = _run(environment, state=state, end_announced=False)
    reaper.sweep()
    assert rung == [run.pk]


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_finished_run_is_left_in_peace(environment: Environment, stage: Stage, rung: list[int], state: str) -> None:
    _run(environment, state=state, end_announced=True)
    assert reaper.sweep() == 0
    assert rung == []


def test_a_planned_run_waits_for_a_person(environment: Environment, stage: Stage, rung: list[int]) -> None:
    _run(environment, state="planned")
    reaper.sweep()
    assert rung == []


def test_a_run_whose_next_tick_is_not_due_is_not_rung_for(
    environment: Environment, stage: Stage, rung: list[int]
) -> None:
    _run(environment, next_tick_at=_in(60))
    reaper.sweep()
    assert rung == []


def test_a_step_that_asked_to_be_left_alone_for_a_while_is(
    environment: Environment, stage: Stage, rung: list[int]
) -> None:
    stage.say("look", Again(60))
    executor.drive(queue(environment, "look").pk)
    assert reaper.sweep() == 0
    Run.objects.update(next_tick_at=_in(-1))
    assert reaper.sweep() == 1


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_run_somebody_works_on_is_not_rung_for(
    environment: Environment, stage: Stage, rung: list[int], exclusive: bool
) -> None:
    run = queue(environment, "look", exclusive=exclusive)
    assert leases.claim(run.lease_scope)
    reaper.sweep()
    assert rung == []
    Lease.objects.update(expires_at=_in(-1))
    reaper.sweep()
    assert rung == [run.pk]


def test_who_works_on_an_exclusive_run_does_not_hold_up_the_others(
    environment: Environment, stage: Stage, rung: list[int]
) -> None:
    exclusive, free = queue(environment, "change"), queue(environment, "look", exclusive=False)
    assert leases.claim(exclusive.lease_scope)
    reaper.sweep()
    assert rung == [free.pk]


def test_a_lease_at_another_environment_does_not_matter(
    environment: Environment, stage: Stage, rung: list[int]
) -> None:
    run = queue(environment, "change")
    # A number that begins like ours: environment:1 and environment:10.
    Lease.objects.create(scope=f"{run.lease_scope}0", holder="elsewhere", expires_at=_in(60))
    reaper.sweep()
    assert rung == [run.pk]


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_worker_was_killed_is_rung_for_at_once(
    environment: Environment, stage: Stage, rung: list[int]
) -> None:
    run = queue(environment, "change")
    assert forked(1, lambda: leases.claim(run.lease_scope)) == [0]
    assert not reaper.overdue().exists()
    reaper.sweep()
    assert rung == [run.pk]


def test_a_run_interrupted_in_a_step_is_rung_for(environment: Environment, stage: Stage, rung: list[int]) -> None:
    run = queue(environment, "change")
    with dying_at("acted"):
        executor.drive(run.pk)
    reaper.sweep()
    assert rung == [run.pk]


def test_the_longest_overdue_is_rung_for_first(environment: Environment, stage: Stage, rung: list[int]) -> None:
    runs = [_run(environment, next_tick_at=_in(-seconds)) for seconds in (10, 30, 20)]
    assert reaper.sweep() == 3
    assert rung == [runs[1].pk, runs[2].pk, runs[0].pk]


def test_into_a_queue_in_which_very_many_wait_only_the_oldest_are_rung_for(
    environment: Environment, stage: Stage, rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper, "MOST", 2)
    runs = [_run(environment, next_tick_at=_in(-seconds)) for seconds in (10, 30, 20)]
    elsewhere = _run(make_environment(queue="elsewhere"))
    assert reaper.sweep() == 4
    assert rung == [runs[1].pk, runs[2].pk, elsewhere.pk]


def test_a_sweep_asks_the_database_the_same_number_of_times_for_many(
    environment: Environment, stage: Stage, rung: list[int], django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        _run(environment)
    with django_assert_max_num_queries(4):
        assert reaper.sweep() == 5


def test_rung_for_by_the_sweep_means_driven_to_the_end(
    environment: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper, "ring", lambda run, **_: executor.drive(run.pk))
    queue(environment, "change")
    assert [reaper.sweep(), reaper.sweep()] == [1, 0]
    assert Run.objects.get().state == RunState.SUCCEEDED
