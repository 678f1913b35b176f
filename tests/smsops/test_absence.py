"""smsops' own database goes away in the middle: nothing is decided by that, and the run goes on from its journal."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import OperationalError
from django.utils import timezone

from smsops import signals, tasks
from smsops.errors import DatabaseAway, OpsError
from smsops.models import Environment, Lease, Run, RunState
from smsops.runs import absence, executor
from smsops.runs.kinds import Done, Found, Probe
from tests.smsops.stages import Stage, queue, states, work


def gone(cause: Exception) -> OperationalError:
    """What Django raises of it."""
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


BROKEN = OpsError("The disk is full.")
CLOSED = gone(psycopg.OperationalError("the connection is closed"))
STOPPED = gone(psycopg.errors.AdminShutdown("terminating connection"))
LOCKED = gone(psycopg.errors.DeadlockDetected("deadlock detected"))


@pytest.mark.parametrize("error", [CLOSED, STOPPED])
@pytest.mark.django_db(transaction=True)
def test_a_step_that_lost_the_database_is_looked_at_again(
    environment: Environment, stage: Stage, error: OperationalError
) -> None:
    stage.say("change", error, Done())
    stage.say("probe change", Probe(Found.NOT_DONE))
    run = queue(environment, "change")
    assert executor.drive(run.pk) == absence.PAUSE
    assert (states(run), Lease.objects.filter(expires_at__gt=timezone.now()).exists()) == (["running"], False)
    assert work(run).state == RunState.SUCCEEDED
    assert stage.calls == ["change", "probe change", "change"]


@pytest.mark.django_db(transaction=True)
def test_an_undo_that_lost_the_database_is_done_again(environment: Environment, stage: Stage) -> None:
    stage.say("change", BROKEN)
    stage.say("undo change", CLOSED, CLOSED, CLOSED, CLOSED, Done())
    run = work(queue(environment, "change"))
    assert (run.state, states(run)) == (RunState.UNDONE, ["undone"])


@pytest.mark.django_db(transaction=True)
def test_another_error_of_the_database_is_the_step_s_failure(environment: Environment, stage: Stage) -> None:
    stage.say("change", LOCKED)
    assert work(queue(environment, "change")).state == RunState.UNDONE


@pytest.mark.parametrize("news", [signals.run_ended, signals.run_undoing])
@pytest.mark.django_db(transaction=True)
def test_news_that_a_receiver_could_not_write_down_is_told_again(
    environment: Environment, stage: Stage, news: Any
) -> None:
    def hear(run: Run, **_: Any) -> None:
        heard.append(run.pk)
        if len(heard) == 1:
            raise CLOSED

    heard: list[int] = []
    stage.say("change", BROKEN)
    news.connect(hear)
    run = work(queue(environment, "change"))
    news.disconnect(hear)
    assert heard == [run.pk, run.pk]


@pytest.mark.django_db(transaction=True)
def test_a_bell_that_cannot_be_rung_for_want_of_the_database_is_left_to_the_sweep(
    environment: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ring(*_: Any, **__: Any) -> None:
        rung.append(True)
        raise CLOSED

    rung: list[bool] = []
    monkeypatch.setattr(tasks, "ring", ring)
    stage.say("change", CLOSED)
    tasks.tick(queue(environment, "change").pk)
    assert rung == [True]


def test_a_lost_database_is_told_from_its_other_errors() -> None:
    assert absence.lost(CLOSED) and absence.lost(STOPPED)
    assert not absence.lost(LOCKED) and not absence.lost(ValueError())
    with pytest.raises(DatabaseAway, match="the connection is closed"), absence.noticed():
        raise CLOSED
