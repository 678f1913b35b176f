"""The recovery time objective in the admin: on an environment's page, on a plan, and on a run that is over."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from deployments.rto import scenarios, table, words
from deployments.rto.phases import FIRST_SIGN, measure
from smsops.models import FINAL, Environment, Run, RunState
from smsops.runs import history
from smsops.runs.plan import Plan
from smsops.text import seconds_text


def of_environment(environment: Environment, request: HttpRequest) -> dict[str, Any]:
    """The table of runbook §6.2, for those who see runs."""
    if not request.user.has_perm("smsops.view_run"):
        return {}
    lines = [
        {"row": row, "phases": [words.phase_text(row, phase) for phase, _ in words.PHASES],
         "runbook": words.span_text(row.scenario.minutes)}
        for row in table.rows(environment)
    ]  # fmt: skip
    return {"lines": lines, "labels": [label for _, label in words.PHASES], "rto": environment.rto_minutes}


def of_run(run: Run, request: HttpRequest) -> dict[str, Any]:
    """The phases of a run that is over, against the objective; how long it took where it did not end well."""
    scenario = scenarios.of(run.kind, run.params)
    if scenario is None or run.state not in FINAL or run.seconds is None or scenario.practice:
        return {}
    minutes = run.environment.rto_minutes
    if run.state != RunState.SUCCEEDED:
        return {"scenario": scenario, "total": run.seconds, "rto": minutes}
    found = measure(run, list(run.steps.all()))
    return {
        "scenario": scenario,
        "phases": [(label, seconds_text(found.phases[phase])) for phase, label in words.PHASES],
        "total": found.total,
        "verdict": table.judge(found.total, minutes),
        "rto": minutes,
        "since": "the first sign" if run.params.get(FIRST_SIGN) else "its own start",
    }


def of_plan(plan: Plan) -> str:
    """What the scenario of this plan is expected to take, in one line; of any other run, what it took here."""
    scenario = scenarios.of(plan.kind, plan.params)
    if scenario is None or scenario.practice:
        return history.told(plan.environment, plan.kind)
    return f"{scenario.title}: {words.sentence(table.row(plan.environment, scenario))}."
