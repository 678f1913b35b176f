"""Drills: once a quarter a disaster is rehearsed for real in a sandbox, timed, and written down (runbook §6.4, §9)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from backups import selectors
from backups.models import Backup
from backups.services import databases
from backups.services.restores import fitting_release
from smsops.errors import WrongUse
from smsops.models import ACTIVE, FINAL, Environment, Run, RunState
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.runtimes.registry import runtime_for

KIND = "drill"
FEW, LOOKS = 3, 60  # so many begin in one day at least; and in so many days all have had theirs
QUARTER = timedelta(days=85)  # a little less, so that the day of the drill does not wander
UP = ("sandbox.start", "sandbox.gate")


@dataclass(frozen=True)
class Scenario:
    """A disaster of runbook §6.4 and the way back from it, step by step; `begins` is the first step of the way."""

    key: str
    title: str
    what: str
    steps: tuple[str, ...]
    begins: str


SCENARIOS = {
    scenario.key: scenario
    for scenario in (
        Scenario(
            "deletion",
            "Students were deleted by accident",
            "Rows are deleted in the sandbox; they are found by comparing and put back while its SMS runs.",
            ("test.unpack", *UP, "drill.delete", "drill.put_back"),
            "drill.put_back",
        ),
        Scenario(
            "corruption",
            "The database is damaged",
            "The sandbox's database is overwritten in the middle; the damage is noticed and the backup is restored.",
            ("test.unpack", *UP, "drill.tear", "drill.restore", *UP),
            "drill.tear",
        ),
        Scenario(
            "storage",
            "The backup storage failed",
            "This machine's vault counts as gone: the backup is fetched from off-site alone, and SMS starts on it.",
            ("drill.fetch", *UP),
            "drill.fetch",
        ),
    )
}


def plan(environment: Environment, scenario: str) -> Plan:
    """What a drill would do. Raises WrongUse for an unknown scenario, and when there is nothing to rehearse with."""
    if scenario not in SCENARIOS:
        raise WrongUse(f"There is no scenario “{scenario}”; there are {', '.join(SCENARIOS)}.")
    chosen, backup = SCENARIOS[scenario], selectors.find(environment, "latest")
    if scenario == "storage":
        backup = _copied(environment)
    runtime = runtime_for(environment)
    image_id, note = fitting_release(backup, runtime, runtime.inspect(environment.instance))
    kinds = [*chosen.steps, *(step.kind for step in validation_steps(environment)), "drill.conclude"]
    kinds += [*databases.trial_end(environment), "sandbox.remove"]
    return Plan(
        kind=KIND,
        title=f"Drill at {environment.name}: {chosen.title[0].lower()}{chosen.title[1:]}",
        environment=environment,
        steps=tuple(PlannedStep(kind) for kind in kinds),
        params={"backup": backup.pk, "image_id": image_id or "", "scenario": scenario},
        exclusive=False,
        notes=(
            chosen.what,
            note,
            "All of it happens in a sandbox beside the real SMS, which is not touched; the report has every time.",
        ),
    )


def _copied(environment: Environment) -> Backup:
    copied = Backup.objects.filter(environment=environment, damage="", replicas__isnull=False).first()
    if copied is None:
        raise WrongUse(f"{environment.name} has no backup off-site; set up an off-site vault first.")
    return copied


def start(environment: Environment, scenario: str, by: By) -> Run:
    """Queue a drill."""
    return submit(plan(environment, scenario), by)


def last(environment: Environment) -> Run | None:
    """The last drill that ended."""
    return Run.objects.filter(environment=environment, kind=KIND, state__in=FINAL).order_by("-created_at").first()


def due(environment: Environment) -> bool:
    """Whether a quarter has gone by since the last good drill, and none is under way."""
    runs = Run.objects.filter(environment=environment, kind=KIND)
    if runs.filter(state__in=ACTIVE).exists():
        return False
    return not runs.filter(state=RunState.SUCCEEDED, created_at__gt=timezone.now() - QUARTER).exists()


def at_once() -> int:
    """How many may begin on one day, so that a thousand do not begin together."""
    return max(FEW, math.ceil(Environment.objects.filter(backups_enabled=True).count() / LOOKS))


def next_scenario(environment: Environment) -> str:
    """The scenario whose turn it is: the one that was rehearsed longest ago; off-site only where there are copies."""
    possible = [key for key in SCENARIOS if key != "storage" or environment.offsite_vaults.exists()]
    runs = Run.objects.filter(environment=environment, kind=KIND, state=RunState.SUCCEEDED).order_by("created_at")
    rehearsed = [run.params.get("scenario") for run in runs]
    newest = {key: at for at, key in enumerate(rehearsed)}
    return min(possible, key=lambda key: newest.get(key, -1))
