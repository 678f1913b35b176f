"""Base backups of a server, which its log is played onto: as runs, asked for by whoever looks at the followers (B9)."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from smsops.models import ACTIVE, GOOD, Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit

KIND = "base_backup"
AGAIN = timedelta(minutes=10)  # after one that failed


def plan(environment: Environment) -> Plan:
    """What taking one would do."""
    return Plan(
        kind=KIND,
        title=f"Take a base backup of the server of {environment.name}",
        environment=environment,
        steps=(PlannedStep("log.base"),),
        exclusive=False,
        notes=("The server's files are copied while it works; they are verified and sealed.",),
    )


def request(environment: Environment, by: By) -> Run:
    """Queue one."""
    return submit(plan(environment), by)


def waits(environment: Environment) -> bool:
    """Whether one is under way, or has just failed."""
    last = _last(environment)
    if last is None or last.state in GOOD:
        return False
    return last.state in ACTIVE or timezone.now() - (last.finished_at or last.created_at) < AGAIN


def failure(environment: Environment) -> str:
    """Why the last one failed; empty where it did not, or is under way."""
    last = _last(environment)
    return "" if last is None or last.state in GOOD | ACTIVE else last.cause or last.headline


def _last(environment: Environment) -> Run | None:
    return Run.objects.filter(environment=environment, kind=KIND).first()
