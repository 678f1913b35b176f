"""Backups, verifications, restores and their tests: a bad one is an incident until a good one comes."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from backups import selectors as backup_selectors
from backups.models import Backup, Reason
from backups.services import integrity, test_log
from incidents import fingerprints
from incidents.fingerprints import BACKUP, DRILL, ORPHANS, RESTORE_TEST, ROWS
from incidents.models import FactKind, Issue, Severity
from incidents.services import facts, incidents, lifecycle
from incidents.services.incidents import Sign
from smsops import signals
from smsops.models import Run, RunState


@receiver(signals.run_ended, dispatch_uid="incidents.backup_ended")
def on_ended(run: Run, **_: Any) -> None:
    """Follow what concerns the data."""
    if run.state != RunState.NEEDS_HUMAN:
        _follow_backups(run)


def _follow_backups(run: Run) -> None:
    """A failed backup is an incident until the next good one (§5.1: data loss risk); damaged data is a critical one."""
    made = run.backups.first()
    if made is not None and made.good and made.reason not in (Reason.RESTORE, Reason.ADOPTED):
        _look_for_drops(run, made)
        sign = f"Backup {made.identifier} is good."
        lifecycle.end(run.environment, BACKUP, "A good backup was taken.", sign=sign, run=run)
    elif run.kind == "backup" and run.state in (RunState.SAFE, RunState.UNDONE):
        severity = Severity.CRITICAL if made is not None and made.damage else Severity.HIGH
        bad = Sign(BACKUP, severity, f"No backup of {run.environment.name}", run.cause, Issue.DATA)
        incident, _ = incidents.report(run.environment, bad, run)
        if severity == Severity.CRITICAL:
            facts.establish(incident, FactKind.INTEGRITY_FAILED, made.damage if made else run.cause)
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
        sign = Sign(ROWS, severity, f"Rows have gone: {lost[0]}", detail, Issue.DATA)
        incident, _ = incidents.report(run.environment, sign, run)
        facts.establish(incident, FactKind.ROWS_LOST, detail)


def _follow_restore(run: Run) -> None:
    """A restore brings back what had gone."""
    if run.state == RunState.SUCCEEDED:
        lifecycle.end(run.environment, ROWS, run.headline)


def _follow_restore_test(run: Run) -> None:
    """A restore test or drill that failed is an incident until one passes: nobody knows whether a restore would."""
    fingerprint = RESTORE_TEST if run.kind == "restore_test" else DRILL
    if run.state in (RunState.SAFE, RunState.UNDONE):
        test_log.failed(run.environment, run.pk, run.cause)
        sign = Sign(fingerprint, Severity.HIGH, f"A {fingerprint} failed", run.cause, Issue.DATA)
        incidents.report(run.environment, sign, run)
    elif run.state == RunState.SUCCEEDED:
        lifecycle.end(run.environment, fingerprint, run.headline)


def _follow_verification(run: Run) -> None:
    """A backup that turned out damaged is an incident of its own until it is found good or a person has looked."""
    backup = Backup.objects.filter(pk=run.params.get("backup")).first()
    if backup is None:
        return
    fingerprint = fingerprints.DAMAGE.of(backup.pk)
    if backup.damage:
        title = f"The backup {backup.identifier} is damaged"
        sign = Sign(fingerprint, Severity.HIGH, title, backup.damage, Issue.DATA)
        incidents.report(run.environment, sign, run)
    elif run.state == RunState.SUCCEEDED:
        lifecycle.end(run.environment, fingerprint, f"It was verified again and is good: {run.headline}")
    more = run.facts.get("verify.prove", {}).get("more")
    if more:
        detail = f"More than before: {integrity.told(more)}."
        sign = Sign(ORPHANS, Severity.MEDIUM, "Rows refer to missing ones", detail, Issue.DATA)
        incidents.report(run.environment, sign, run)
