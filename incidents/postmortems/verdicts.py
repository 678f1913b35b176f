"""Which objectives an incident kept, each with the numbers it is judged by (runbook §5.1, 6.1)."""

from __future__ import annotations

from typing import Any

from incidents.models import Incident, Issue
from incidents.services import severities

MET, MISSED, UNKNOWN = "met", "missed", "not known"


def of(incident: Incident, data: dict[str, Any]) -> list[dict[str, Any]]:
    """RTO, RPO and the time to respond."""
    noticed = incident.detected_at
    served = incident.mitigated_at or incident.resolved_at
    away = (served - noticed).total_seconds() if served else None
    answered = (incident.answered_at - noticed).total_seconds() if incident.answered_at else None
    found = [_judged("Response", answered, severities.response(incident.severity).total_seconds(),
                     "from detection until somebody had it, or SMS served again without anybody")]  # fmt: skip
    if incident.issue == Issue.SERVICE:
        found.append(_judged("RTO", away, incident.environment.rto_minutes * 60.0,
                             "from detection until users were served again"))  # fmt: skip
    return [*found, _loss(incident, data)]


def _loss(incident: Incident, data: dict[str, Any]) -> dict[str, Any]:
    target = incident.environment.rpo.total_seconds()
    if lost := data["lost"]:
        return _judged("RPO", lost["seconds"], target, f"work lost by “{lost['run']}”")
    could = data["exposure"]
    told = (
        f"nothing was restored; the newest backup then was {could['backup']}" if could else "there was no good backup"
    )
    return _judged("RPO", could.get("seconds"), target, told)


def _judged(name: str, seconds: float | None, target: float, told: str) -> dict[str, Any]:
    """A negative time is a clock that contradicts another: nobody can judge by it."""
    if seconds is not None and seconds < 0:
        seconds, told = None, "the clocks contradict each other"
    verdict = UNKNOWN if seconds is None else MET if seconds <= target else MISSED
    return {"name": name, "seconds": seconds, "target": target, "verdict": verdict, "told": told}
