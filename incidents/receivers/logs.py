"""Copies elsewhere that are late, and logs that are not followed or only grow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.dispatch import receiver

from backups import signals as backup_signals
from backups.models import LogFollowing, OffsiteVault
from backups.services.following import LONG
from incidents import fingerprints
from incidents.fingerprints import COMMITS, COMMITS_SIZE
from incidents.models import Issue, Severity
from incidents.services import incidents, lifecycle
from incidents.services.incidents import Sign
from smsops.text import age_text, bytes_text


@receiver(backup_signals.offsite_looked, dispatch_uid="incidents.offsite_looked")
def on_offsite_looked(vault: OffsiteVault, lag: timedelta, problem: str, **_: Any) -> None:
    """Copies elsewhere that are late are an incident until they have caught up (§5.1: data loss risk)."""
    fingerprint = fingerprints.OFFSITE.of(vault.pk)
    if lag > vault.allowed_lag:
        detail = f"The oldest backup that is not there was taken {age_text(lag)}. {problem}".strip()
        title = f"Backups are not copied to {vault.name}"
        if incidents.live(vault.environment, fingerprint) is None:
            incidents.report(vault.environment, Sign(fingerprint, Severity.HIGH, title, detail, Issue.DATA))
        return
    if not problem:
        lifecycle.end(vault.environment, fingerprint, f"Every backup is in {vault.name} again, or not late yet.")


@receiver(backup_signals.offsite_log_looked, dispatch_uid="incidents.offsite_log_looked")
def on_offsite_log_looked(vault: OffsiteVault, problem: str, **_: Any) -> None:
    """Commits that are on this machine alone, or damaged copies of them, are an incident until they are not."""
    fingerprint = fingerprints.OFFSITE_LOG.of(vault.pk)
    if problem and incidents.live(vault.environment, fingerprint) is None:
        title = f"Commits are not copied to {vault.name} as they should be"
        incidents.report(vault.environment, Sign(fingerprint, Severity.HIGH, title, problem, Issue.DATA))
    elif not problem:
        lifecycle.end(vault.environment, fingerprint, f"Every commit is in {vault.name} again.")


@receiver(backup_signals.log_looked, dispatch_uid="incidents.log_looked")
def on_log_looked(following: LogFollowing, problem: str, **_: Any) -> None:
    """A log that is not followed is an incident until it is: the loss would be that since the last backup."""
    environment = following.environment
    if problem and incidents.live(environment, COMMITS) is None:
        title = f"The log of {environment.name} is not followed"
        incidents.report(environment, Sign(COMMITS, Severity.HIGH, title, problem, Issue.DATA))
    elif not problem:
        said = "It is followed again; where commits of the meantime are unknown, there is a gap."
        lifecycle.end(environment, COMMITS, said)


@receiver(backup_signals.log_measured, dispatch_uid="incidents.log_measured")
def on_log_measured(following: LogFollowing, size: int, **_: Any) -> None:
    """A log of SMS that only grows fills its disk, and then SMS stops: an incident until it was written back."""
    environment = following.environment
    if size > LONG and incidents.live(environment, COMMITS_SIZE) is None:
        title = f"The log of SMS is {bytes_text(size)}"
        detail = (
            "It cannot be written back while somebody reads an old state of the database, and grows until the disk is "
            "full. A follower that hangs is ended by “manage.py follow” itself; is that running? Else a connection of "
            "SMS never ends its transaction: a start of SMS ends it."
        )
        incidents.report(environment, Sign(COMMITS_SIZE, Severity.HIGH, title, detail, Issue.DATA))
    elif size <= LONG:
        lifecycle.end(environment, COMMITS_SIZE, f"SMS's log was written back; {bytes_text(size)} of it are in use.")
