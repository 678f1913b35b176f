"""Green, yellow or red, with the targets of runbook §6.1."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from smsops.models import Environment

GREEN, YELLOW, RED = "green", "yellow", "red"
ROOM = 0.75  # of the objective, as in the table of §6.2: what is within it leaves room for a bad day


@dataclass(frozen=True)
class Target:
    """One line of the runbook's table. `at_least`: more is better."""

    key: str
    title: str
    owner: str
    seconds: float | None
    at_least: bool = False


def targets(environment: Environment) -> dict[str, Target]:
    """The lines, in the runbook's order, and the two times it does not set a target for."""
    lines = (
        Target("rto", "RTO", "Ops", environment.rto_minutes * 60.0),
        Target("rpo", "RPO", "DevOps", environment.rpo.total_seconds()),
        Target("mttr", "MTTR", "On-call", settings.SMSOPS_MTTR_MINUTES * 60.0),
        Target("mtbf", "MTBF", "Product", settings.SMSOPS_MTBF_HOURS * 3600.0, at_least=True),
        Target("mtta", "MTTA", "On-call", None),
        Target("mttd", "MTTD", "DevOps", None),
    )
    return {line.key: line for line in lines}


def judge(target: Target, seconds: float | None) -> str:
    """The band; empty where there is no target, or nothing was measured."""
    if target.seconds is None or seconds is None:
        return ""
    if target.at_least:
        return GREEN if seconds >= target.seconds else YELLOW if seconds >= target.seconds * ROOM else RED
    share = seconds / target.seconds
    return GREEN if share <= ROOM else YELLOW if share <= 1 else RED
