"""The kernel's doorbells, as Celery calls them."""

from __future__ import annotations

import pytest

from smsops import tasks
from smsops.models import Environment
from smsops.runs import reaper
from smsops.runs.kinds import Again, Done
from tests.smsops.stages import Stage, queue

pytestmark = pytest.mark.django_db


def test_a_tick_of_a_run_that_goes_on_rings_again_for_later(
    environment: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[int, float]] = []
    monkeypatch.setattr(tasks, "ring", lambda run, after: rung.append((run.pk, after)))
    stage.say("look", Again(7), Done())
    run = queue(environment, "look")
    tasks.tick(run.pk)
    tasks.tick(run.pk)
    tasks.tick(run.pk)
    assert rung == [(run.pk, 7)]


def test_a_tick_for_a_run_that_is_no_more_is_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(tasks, "ring", lambda run, **_: rung.append(run.pk))
    tasks.tick(4711)
    assert (rung, stage.calls) == ([], [])


def test_the_sweep_task_tells_how_many_it_rang_for(
    environment: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(reaper, "ring", lambda run, **_: rung.append(run.pk))
    run = queue(environment, "look")
    assert tasks.sweep() == 1
    assert rung == [run.pk]
