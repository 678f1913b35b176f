"""News from below: runs that fail or end badly become incidents; good ones end them.

Receivers may be called again for the same news (a worker may have died in between), so each is safe to repeat.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

from django.dispatch import receiver

from backups import selectors as backup_selectors
from backups import signals as backup_signals
from backups.models import Backup, LogFollowing, OffsiteVault, Reason
from backups.services import integrity, test_log
from backups.services.following import LONG
from incidents.models import LIVE, EntryKind, Incident, Severity
from incidents.services import incidents, log_archive, watching
from incidents.services.incidents import Sign
from smsops import health, signals
from smsops.errors import OpsError
from smsops.models import Run, RunState
from smsops.text import age_text, bytes_text

BACKUP, ROWS, ORPHANS, RESTORE_TEST, DRILL, LOG = "backup", "rows", "orphans", "restore test", "drill", "log"
LOG_SIZE = "log size"


@receiver(signals.run_undoing, dispatch_uid="incidents.run_undoing")
def on_undoing(run: Run, **_: Any) -> None:
    """A change of SMS failed: open the incident and take the evidence before the undo destroys it."""
    if not run.disturbs or run.cancel_requested:
        return
    seen = health.look(run.environment.base_url, timeout=3)
    severity = Severity.CRITICAL if seen.status in ("down", "unhealthy") else Severity.HIGH
    sign = Sign(_of(run), severity, f"{run.title} failed", run.cause)
    watching.raise_incident(run.environment, sign, run)
    with contextlib.suppress(OpsError):  # the undo may remove an instance with its log
        log_archive.collect(run.environment, seconds=3)


@receiver(signals.instance_going, dispatch_uid="incidents.instance_going")
def on_instance_going(run: Run, **_: Any) -> None:
    """Its log goes with it: take what is not in the archive yet."""
    with contextlib.suppress(OpsError):
        log_archive.collect(run.environment, seconds=3)


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
    if run.kind == "watch" and run.state == RunState.SAFE and not run.cancel_requested:
        detail = f"{run.cause} It is gone back by itself where that costs no data; else look at “Roll back…”."
        title = f"{run.params['version']} is worse than the release before"
        watching.raise_incident(run.environment, Sign(_of(run), Severity.HIGH, title, detail), run)
    if run.disturbs:
        watching.look_now(run.environment_id)


def _follow_backups(run: Run) -> None:
    """A failed backup is an incident until the next good one (§5.1: data loss risk); damaged data is a critical one."""
    made = run.backups.first()
    if made is not None and made.good and made.reason not in (Reason.RESTORE, Reason.ADOPTED):
        _look_for_drops(run, made)
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
    elif run.kind in ("restore", "row_recovery"):
        _follow_restore(run)
    elif run.kind in ("restore_test", "drill"):
        _follow_restore_test(run)


def _look_for_drops(run: Run, made: Backup) -> None:
    """Rows that have gone since the last good backup are an incident: that backup may be what saves them."""
    before = backup_selectors.good_before(made)
    if before is None:
        return
    lost = integrity.drops(before.row_counts, made.row_counts, run.environment.core_tables)
    if lost:
        severity = Severity.CRITICAL if lost[0].severe else Severity.HIGH
        detail = f"Since {before.identifier}: {'; '.join(map(str, lost))}. Nobody has to have meant it."
        incidents.report(run.environment, Sign(ROWS, severity, f"Rows have gone: {lost[0]}", detail), run)


def _follow_restore(run: Run) -> None:
    """A restore brings back what had gone."""
    incident = incidents.live(run.environment, ROWS)
    if incident is not None and run.state == RunState.SUCCEEDED:
        incidents.resolve(incident, run.headline)


def _follow_restore_test(run: Run) -> None:
    """A restore test or drill that failed is an incident until one passes: nobody knows whether a restore would."""
    fingerprint = RESTORE_TEST if run.kind == "restore_test" else DRILL
    incident = incidents.live(run.environment, fingerprint)
    if run.state in (RunState.SAFE, RunState.UNDONE):
        test_log.failed(run.environment, run.pk, run.cause)
        sign = Sign(fingerprint, Severity.HIGH, f"A {fingerprint} failed", run.cause)
        incidents.report(run.environment, sign, run)
    elif incident is not None and run.state == RunState.SUCCEEDED:
        incidents.resolve(incident, run.headline)


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
    more = run.facts.get("verify.prove", {}).get("more")
    if more:
        sign = Sign(
            ORPHANS, Severity.MEDIUM, "Rows refer to missing ones", f"More than before: {integrity.told(more)}."
        )
        incidents.report(run.environment, sign, run)


@receiver(backup_signals.offsite_looked, dispatch_uid="incidents.offsite_looked")
def on_offsite_looked(vault: OffsiteVault, lag: timedelta, problem: str, **_: Any) -> None:
    """Copies elsewhere that are late are an incident until they have caught up (§5.1: data loss risk)."""
    fingerprint = f"offsite:{vault.pk}"
    if lag > vault.allowed_lag:
        detail = f"The oldest backup that is not there was taken {age_text(lag)}. {problem}".strip()
        title = f"Backups are not copied to {vault.name}"
        if incidents.live(vault.environment, fingerprint) is None:
            incidents.report(vault.environment, Sign(fingerprint, Severity.HIGH, title, detail))
        return
    incident = incidents.live(vault.environment, fingerprint)
    if incident is not None and not problem:
        incidents.resolve(incident, f"Every backup is in {vault.name} again, or not late yet.")


@receiver(backup_signals.offsite_log_looked, dispatch_uid="incidents.offsite_log_looked")
def on_offsite_log_looked(vault: OffsiteVault, problem: str, **_: Any) -> None:
    """Commits that are on this machine alone, or damaged copies of them, are an incident until they are not."""
    fingerprint = f"offsite-log:{vault.pk}"
    incident = incidents.live(vault.environment, fingerprint)
    if problem and incident is None:
        title = f"Commits are not copied to {vault.name} as they should be"
        incidents.report(vault.environment, Sign(fingerprint, Severity.HIGH, title, problem))
    elif incident is not None and not problem:
        incidents.resolve(incident, f"Every commit is in {vault.name} again.")


@receiver(backup_signals.log_looked, dispatch_uid="incidents.log_looked")
def on_log_looked(following: LogFollowing, problem: str, **_: Any) -> None:
    """A log that is not followed is an incident until it is: the loss would be that since the last backup."""
    environment = following.environment
    incident = incidents.live(environment, LOG)
    if problem and incident is None:
        title = f"The log of {environment.name} is not followed"
        incidents.report(environment, Sign(LOG, Severity.HIGH, title, problem))
    elif incident is not None and not problem:
        incidents.resolve(incident, "It is followed again; where commits of the meantime are unknown, there is a gap.")


@receiver(backup_signals.log_measured, dispatch_uid="incidents.log_measured")
def on_log_measured(following: LogFollowing, size: int, **_: Any) -> None:
    """A log of SMS that only grows fills its disk, and then SMS stops: an incident until it was written back."""
    environment = following.environment
    incident = incidents.live(environment, LOG_SIZE)
    if size > LONG and incident is None:
        title = f"The log of SMS is {bytes_text(size)}"
        detail = (
            "It cannot be written back while somebody reads an old state of the database, and grows until the disk is "
            "full. A follower that hangs is ended by “manage.py follow” itself; is that running? Else a connection of "
            "SMS never ends its transaction: a start of SMS ends it."
        )
        incidents.report(environment, Sign(LOG_SIZE, Severity.HIGH, title, detail))
    elif size <= LONG and incident is not None:
        incidents.resolve(incident, f"SMS's log was written back; {bytes_text(size)} of it are in use.")


@receiver(signals.glass_broken, dispatch_uid="incidents.glass_broken")
def on_glass_broken(run: Run, author: str, said: str, **_: Any) -> None:
    """A run without its second person is on the timeline of whatever goes on there, or an incident of its own."""
    fingerprint, live = f"glass:{run.pk}", Incident.objects.filter(environment=run.environment, state__in=LIVE)
    for incident in live.exclude(fingerprint=fingerprint):
        if not incident.timeline.filter(run=run, kind=EntryKind.ACTION).exists():
            incidents.note(incident, EntryKind.ACTION, said, author=author, run=run)
    if not live.exists():
        sign = Sign(fingerprint, Severity.MEDIUM, f"The glass was broken at {run.environment.name}", said)
        incidents.report(run.environment, sign, run)


def _of(run: Run) -> str:
    """The fingerprint of what a run broke."""
    return f"run:{run.pk}"
