"""Waiting for a verdict, with workers and without."""

from __future__ import annotations

import time

import pytest

from smsops.models import Environment, Run, RunState
from smsops.runs import executor, leases, wait
from tests.smsops.stages import Stage, dying_at, queue, work

pytestmark = pytest.mark.django_db


def test_who_waits_sees_every_look_and_gets_the_verdict(environment: Environment, stage: Stage) -> None:
    looks: list[str] = []
    run = queue(environment, "look")

    def show(seen: Run) -> None:
        looks.append(seen.state)
        executor.drive(run.pk, 0)

    assert wait.until_finished(run, show, poll=0).end_announced
    assert looks[0] == "queued"
    assert looks[-1] == "succeeded"


def test_who_waits_for_a_run_no_worker_takes_does_it_himself(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look", "change")
    assert wait.until_finished(run, lambda seen: None, poll=0, alone_after=0).state == RunState.SUCCEEDED
    assert stage.calls == ["look", "change"]


def test_who_waits_leaves_the_work_to_the_workers_at_first(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look")
    looks: list[str] = []

    def show(seen: Run) -> None:
        looks.append(seen.state)
        if len(looks) == 20:
            work(Run.objects.get(pk=seen.pk))

    wait.until_finished(run, show, poll=0.001, alone_after=60)
    assert looks == ["queued"] * 20 + ["succeeded"]


def test_who_waits_goes_on_with_a_run_whose_worker_is_gone(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look", "change")
    with dying_at("done"):
        executor.drive(run.pk)

    def show(seen: Run) -> None:
        assert time.monotonic() - began < 5, "nobody drives the run"

    began = time.monotonic()
    assert wait.until_finished(run, show, poll=0.01, alone_after=0).state == RunState.SUCCEEDED


def test_who_waits_leaves_a_run_alone_that_somebody_works_on(environment: Environment, stage: Stage) -> None:
    run = queue(environment, "look")
    held = leases.claim(run.lease_scope)
    looks: list[str] = []

    def show(seen: Run) -> None:
        looks.append(seen.state)
        if len(looks) == 20 and held is not None:
            assert stage.calls == []
            leases.release(held)

    assert wait.until_finished(run, show, poll=0, alone_after=0).state == RunState.SUCCEEDED
