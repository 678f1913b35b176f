"""The RTO table (runbook §6.2): measured by phase, predicted from this installation's own history, judged honestly."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from deployments.rto import scenarios, table, words
from deployments.rto.phases import FIRST_SIGN, measure
from deployments.rto.table import GREEN, RED, YELLOW
from smsops.models import Environment, Phase, Run, RunState
from tests.factories import make_environment, make_run, make_step

pytestmark = pytest.mark.django_db

START = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def a_run(environment: Environment, took: float, kind: str = "deploy", **fields: object) -> Run:
    """A run of so many seconds that began at START."""
    return make_run(environment, kind=kind, started_at=START, finished_at=at(took), **fields)


def deployed(environment: Environment, *took: float) -> table.Row:
    for seconds in took:
        a_run(environment, seconds)
    return table.row(environment, scenarios.DEPLOY)


def test_phases_add_up_to_the_whole_and_a_pause_belongs_to_the_step_that_waited() -> None:
    run = a_run(make_environment(), 40)
    make_step(run, phase=Phase.DETECT, started_at=at(1), finished_at=at(2))
    make_step(run, phase=Phase.PREPARE, started_at=at(5), finished_at=at(12))
    make_step(run, phase=Phase.EXECUTE, started_at=at(12), finished_at=at(30))
    make_step(run, phase=Phase.VALIDATE, started_at=at(31), finished_at=at(39))
    found = measure(run, list(run.steps.all()))
    assert found.phases == {"detect": 2, "prepare": 10, "execute": 18, "validate": 10}
    assert found.total == run.seconds


def test_where_the_first_sign_is_known_the_detection_counts_from_it() -> None:
    run = a_run(make_environment(), 40, params={FIRST_SIGN: at(-90).isoformat()})
    assert measure(run, []).phases["detect"] == 90


@pytest.mark.parametrize("told", ["", "yesterday", "2026-03-01T11:00:00", "2026-03-01T12:00:01+00:00"])
def test_a_first_sign_that_cannot_be_is_passed_over(told: str) -> None:
    run = a_run(make_environment(), 40, params={FIRST_SIGN: told})
    assert measure(run, []).total == 40


@pytest.mark.parametrize(("took", "verdict"), [(900, GREEN), (901, YELLOW), (1200, YELLOW), (1201, RED)])
def test_green_is_within_three_quarters_of_the_objective_and_yellow_within_it(took: float, verdict: str) -> None:
    assert deployed(make_environment(rto_minutes=20), took).verdict == verdict


def test_nine_in_ten_decide_and_not_the_worst_day() -> None:
    row = deployed(make_environment(), *[12.0] * 8, 20.0, 4000.0)
    assert words.sentence(row) == "expected 12 s, 9 of 10 within 20 s; RTO 20 min: green"


def test_without_a_history_the_runbook_is_told_as_the_runbooks_and_judged_by_nobody() -> None:
    row = table.row(make_environment(), scenarios.RESTORE)
    assert words.sentence(row) == "expected 9 to 16 min (runbook, not measured); RTO 20 min"
    assert row.verdict == ""
    assert words.phase_text(row, "execute") == "5 to 8 min"


def test_a_single_run_is_told_as_one() -> None:
    assert words.sentence(deployed(make_environment(), 3)) == "took 3.0 s the only time so far; RTO 20 min: green"


@pytest.mark.parametrize(
    ("kind", "params", "scenario"),
    [
        ("rollback", {"strategy": "code"}, "code"),
        ("rollback", {"strategy": "schema"}, "schema"),
        ("rollback", {"strategy": "restore"}, "restore"),
        ("restore", {}, "restore"),
        ("deploy", {}, "deploy"),
        ("drill", {}, "drill"),
        ("rehearsal", {}, "rehearsal"),
    ],
)
def test_each_run_is_in_one_scenario_alone(kind: str, params: dict[str, str], scenario: str) -> None:
    environment = make_environment()
    a_run(environment, 7, kind, params=params)
    measured = [row.scenario.key for row in table.rows(environment) if row.estimate]
    assert measured == [scenario]


def test_drills_and_rehearsals_never_count_to_the_real_ones() -> None:
    practice = {scenario.key for scenario in scenarios.SCENARIOS if scenario.practice}
    assert practice == {"drill", "rehearsal"}


def test_only_runs_that_ended_well_are_a_measure() -> None:
    environment = make_environment()
    for state in (RunState.UNDONE, RunState.SAFE, RunState.NEEDS_HUMAN, RunState.CANCELLED):
        a_run(environment, 5, state=state)
    assert table.row(environment, scenarios.DEPLOY).estimate is None


def test_the_last_run_is_the_one_that_ended_last() -> None:
    environment = make_environment()
    a_run(environment, 9)
    now = timezone.now()
    make_run(environment, kind="deploy", started_at=now - timedelta(seconds=4), finished_at=now)
    row = table.row(environment, scenarios.DEPLOY)
    assert (row.last, row.last_at) == (4, now)


def test_the_runs_of_another_environment_say_nothing_here() -> None:
    deployed(make_environment(), 5)
    assert table.row(make_environment(), scenarios.DEPLOY).estimate is None
