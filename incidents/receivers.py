"""News from below: runs that fail or end badly become incidents; good ones end them.

Receivers may be called again for the same news (a worker may have died in between), so each is safe to repeat.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from backups.models import Backup, Reason
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
    _follow_backups(run)
    if run.disturbs:
        watching.look_now(run.environment_id)


def _follow_backups(run: Run) -> None:
    """A failed backup is an incident until the next good one (§5.1: data loss risk); damaged data is a critical one."""
    made = run.backups.first()
    if made is not None and made.good and made.reason != Reason.RESTORE:
        incident = incidents.live(run.environment, BACKUP)
        if incident is not None:
            incidents.note(incident, EntryKind.SIGN, f"Backup {made.identifier} is good.", run=run)
            incidents.resolve(incident, "A good backup was taken.")
    elif run.kind == "backup" and run.state in (RunState.SAFE, RunState.UNDONE):
        severity = Severity.CRITICAL if made is not None and made.damage else Severity.HIGH
        incidents.report(
            run.environment, Sign(BACKUP, severity, f"No backup of {run.environment.name}", run.cause), run
        )
    elif run.kind == "verification":
        _follow_verification(run)


def _follow_verification(run: Run) -> None:
    """A backup that turned out damaged is an incident of its own until it is found good or a person has looked."""
    backup = Backup.objects.filter(pk=run.params.get("backup")).first()
    if backup is None:
        return
    fingerprint = f"backup:{backup.pk}"
    incident = incidents.live(run.environment, fingerprint)
    if backup.damage:
        sign = Sign(fingerprint, Severity.HIGH, f"The backup {backup.identifier} is damaged", backup.damage)
        incidents.report(run.environment, sign, run)
    elif incident is not None and run.state == RunState.SUCCEEDED:
        incidents.resolve(incident, f"It was verified again and is good: {run.headline}")


def _of(run: Run) -> str:
    """The fingerprint of what a run broke."""
    return f"run:{run.pk}"
