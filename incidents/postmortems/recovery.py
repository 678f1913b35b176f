"""The way back: which runs it took, and its phases beside the runbook's table (runbook §6.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from backups.models import Backup
from deployments.rto import scenarios
from deployments.rto.phases import measure
from incidents.clock import taken
from incidents.clock.history import History
from incidents.models import Incident
from incidents.responses.known import of_run
from smsops.models import Phase, Run, RunState

ALSO = ("row_recovery", "backup")  # runs that are worth telling of, although SMS goes on beside them


def runs(incident: Incident) -> list[Run]:
    """What was run for its environment while it lasted, and changes something, oldest first."""
    end = incident.resolved_at or timezone.now()
    found = Run.objects.filter(environment=incident.environment, started_at__gte=incident.detected_at)
    found = found.filter(Q(disturbs=True) | Q(kind__in=ALSO), started_at__lte=end)
    return list(found.exclude(kind="backup", trigger="schedule").order_by("started_at").prefetch_related("steps")[:50])


def phases(incident: Incident, found: list[Run]) -> dict[str, Any]:
    """Seconds by phase, by the steps of the way back that worked; without one, by the incident's own clocks."""
    way = next((run for run in reversed(found) if run.state == RunState.SUCCEEDED and _leads_back(run)), None)
    over = incident.resolved_at
    if over is None:
        return {}
    began, noticed = incident.began_at or incident.detected_at, incident.detected_at
    seconds = {str(Phase.DETECT): _span(began, noticed)}
    if way is not None and way.started_at and way.finished_at:
        steps = measure(way, [step for step in way.steps.all() if step.finished_at])
        seconds[Phase.PREPARE] = _span(noticed, way.started_at) + steps.phases[Phase.PREPARE]
        seconds[Phase.EXECUTE] = steps.phases[Phase.EXECUTE]
        seconds[Phase.VALIDATE] = steps.phases[Phase.VALIDATE] + _span(way.finished_at, over)
    else:
        begun = min(max(incident.acknowledged_at or noticed, noticed), over)
        served = min(max(incident.mitigated_at or over, begun), over)
        seconds |= {
            str(Phase.PREPARE): _span(noticed, begun),
            str(Phase.EXECUTE): _span(begun, served),
            str(Phase.VALIDATE): _span(served, over),
        }
    scenario = scenarios.of(way.kind, way.params) if way else None
    return {
        "seconds": seconds,
        "scenario": scenario.title if scenario else "",
        "expected": {phase: list(span) for phase, span in scenario.expected.items()} if scenario else {},
        "run": way.title if way else "",
        "began_known": incident.began_at is not None,
    }


def _leads_back(run: Run) -> bool:
    """Whether it is a response of a playbook, or puts rows back."""
    return run.kind == "row_recovery" or of_run(run) is not None


def lost(found: list[Run]) -> dict[str, Any]:
    """What going back to a backup or a moment really cost: the time between that and the beginning of the way back."""
    for run in reversed(found):
        if run.kind not in ("restore", "rollback") or run.state != RunState.SUCCEEDED or run.started_at is None:
            continue
        to = _gone_back_to(run)
        if to is not None:
            return {"seconds": max(0.0, (run.started_at - to).total_seconds()), "run": run.title, "to": to.isoformat()}
    return {}


def _gone_back_to(run: Run) -> datetime | None:
    if until := run.params.get("until"):
        return datetime.fromisoformat(str(until))
    if run.kind == "rollback" and run.params.get("strategy") != "restore":
        return None
    backup = Backup.objects.filter(pk=run.params.get("backup")).first()
    return backup.taken_at if backup is not None else None


def _span(start: datetime, end: datetime) -> float:
    return max(timedelta(), end - start).total_seconds()


def as_data(run: Run, history: History | None = None) -> dict[str, Any]:
    """One run as the post-mortem tells it, and, by what was measured before it, what was expected of it."""
    expected = taken.of(run, history).expected if history is not None else None
    return {
        "expected": expected.text if expected is not None else "",
        "run": run.pk,
        "title": run.title,
        "by": run.actor_name,
        "reason": run.reason,
        "began": run.started_at.isoformat() if run.started_at else "",
        "seconds": run.seconds if run.finished_at else None,
        "verdict": run.get_state_display(),
        "lost": list(run.params.get("lost") or []),
    }
