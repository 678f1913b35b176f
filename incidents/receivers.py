"""News from below: runs that fail or end badly become incidents; good ones end them.

Receivers may be called again for the same news (a worker may have died in between), so each is safe to repeat.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents.models import EntryKind, Incident, Severity
from incidents.services import incidents, watching
from incidents.services.incidents import Sign
from smsops import health, signals
from smsops.models import Run, RunState

BACKUP = "backup"


@receiver(signals.run_undoing, dispatch_uid="incidents.run_undoing")
def on_undoing(run: Run, **_: Any) -> None:
    """A change of SMS failed: open the incident and take the evidence before the undo destroys it."""
    if not run.disturbs or run.cancel_requested:
        return
    seen = health.look(run.environment.base_url, timeout=3)
    severity = Severity.CRITICAL if seen.status in ("down", "unhealthy") else Severity.HIGH
    sign = Sign(_of(run), severity, f"{run.title} failed", run.cause)
    watching.raise_incident(run.environment, sign, run)


@receiver(signals.run_ended, dispatch_uid="incidents.run_ended")
def on_ended(run: Run, **_: Any) -> None:
    """Write the end onto the incident; a run that could not be undone is always one."""
    if run.state == RunState.NEEDS_HUMAN:
        sign = Sign(_of(run), Severity.CRITICAL, f"{run.title} needs a person", run.headline)
        watching.raise_incident(run.environment, sign, run)
        return
    incident = Incident.objects.filter(run=run, fingerprint=_of(run)).first()
    if incident is not None and incident.live:
        incidents.mitigate(incident, run.headline, run)
    if run.kind == "backup":
        _follow_backup(run)
    if run.disturbs:
        watching.look_now(run.environment_id)


def _follow_backup(run: Run) -> None:
    """A failed backup is an incident until the next good one (§5.1: data loss risk)."""
    if run.state == RunState.SUCCEEDED:
        incident = incidents.live(run.environment, BACKUP)
        if incident is not None:
            incidents.note(incident, EntryKind.SIGN, run.headline, run=run)
            incidents.resolve(incident, "A good backup was taken.")
    elif run.state in (RunState.SAFE, RunState.UNDONE):
        sign = Sign(BACKUP, Severity.HIGH, f"No backup of {run.environment.name}", run.cause)
        incidents.report(run.environment, sign, run)


def _of(run: Run) -> str:
    """The fingerprint of what a run broke."""
    return f"run:{run.pk}"
