"""The table of runbook §6.2, out of this installation's own history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from deployments.rto import scenarios
from deployments.rto.phases import Measured, measure
from deployments.rto.scenarios import SCENARIOS, Scenario
from smsops.models import Environment, Phase, Run, RunState, Step
from smsops.runs.history import RECENT, Estimate, spread

GREEN, YELLOW, RED = "green", "yellow", "red"
GREEN_SHARE = 0.75  # of the objective: what is within it leaves room for a bad day


@dataclass(frozen=True)
class Row:
    """One scenario: seconds by phase (half of the runs took at most so long), of the whole, and of the last run."""

    scenario: Scenario
    rto_minutes: int
    estimate: Estimate | None = None
    phases: dict[str, float] | None = None
    last: float | None = None
    last_at: datetime | None = None

    @property
    def verdict(self) -> str:
        """Green, yellow or red; empty where nothing was measured."""
        return judge(self.estimate.most, self.rto_minutes) if self.estimate else ""


def judge(seconds: float, rto_minutes: int) -> str:
    """Green within three quarters of the objective, yellow within it, red beyond."""
    share = seconds / (rto_minutes * 60)
    return GREEN if share <= GREEN_SHARE else YELLOW if share <= 1 else RED


def rows(environment: Environment) -> list[Row]:
    """Every scenario, real ones first; two questions to the database, however long the history is."""
    return _rows(environment, scenarios.KINDS, SCENARIOS)


def row(environment: Environment, scenario: Scenario) -> Row:
    """One of them."""
    return _rows(environment, scenario.kinds, [scenario])[0]


def _rows(environment: Environment, kinds: Iterable[str], wanted: Iterable[Scenario]) -> list[Row]:
    done = Run.objects.filter(environment=environment, state=RunState.SUCCEEDED, started_at__isnull=False)
    fields = done.only("kind", "params", "environment", "started_at", "finished_at")
    newest = Window(RowNumber(), partition_by=F("kind"), order_by=F("finished_at").desc())
    runs = list(fields.filter(kind__in=kinds).annotate(rank=newest).filter(rank__lte=RECENT))
    steps: dict[int, list[Step]] = defaultdict(list)
    known = Step.objects.filter(run__in=[run.pk for run in runs])
    for step in known.only("run", "position", "phase", "finished_at"):
        steps[step.run_id].append(step)
    found: dict[str, list[tuple[Run, Measured]]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.finished_at or run.created_at, reverse=True):
        if scenario := scenarios.of(run.kind, run.params):
            found[scenario.key].append((run, measure(run, steps[run.pk])))
    return [_row(environment, scenario, found[scenario.key][:RECENT]) for scenario in wanted]


def _row(environment: Environment, scenario: Scenario, taken: list[tuple[Run, Measured]]) -> Row:
    if not taken:
        return Row(scenario, environment.rto_minutes)
    halves = {phase: spread(each.phases[phase] for _, each in taken) for phase in map(str, Phase.values)}
    phases = {phase: half.half for phase, half in halves.items() if half is not None}
    (newest, last), estimate = taken[0], spread(each.total for _, each in taken)
    return Row(scenario, environment.rto_minutes, estimate, phases, last.total, newest.finished_at)
