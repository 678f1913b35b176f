"""How far the copies of the commits are behind, in each off-site vault."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from backups.models import LogFollowing, OffsiteVault
from backups.services import following
from smsops.text import seconds_text


def copied(vault: OffsiteVault) -> bool:
    """Whether commits are to be copied there at all."""
    row: LogFollowing | None = getattr(vault.environment, "log_following", None)
    return bool(vault.enabled and vault.copy_log and row and row.enabled)


def lag_of(vault: OffsiteVault) -> timedelta | None:
    """How long ago all that was kept here was there too; None where that never was, or is not wanted."""
    if not copied(vault) or vault.log_at is None:
        return None
    return max(timedelta(), timezone.now() - vault.log_at)


def problem_of(vault: OffsiteVault) -> str:
    """What is wrong with copying the commits there, in a sentence; empty where nothing is, and where the log is not
    followed, which is told as itself."""
    if not copied(vault) or following.problem_of(vault.environment.log_following):
        return ""
    lag = lag_of(vault)
    if lag is not None and lag > vault.allowed_log_lag:
        late = f"Commits of the last {seconds_text(lag.total_seconds())} are on this machine alone."
        return f"{late} {vault.log_problem}".strip()
    return vault.log_problem if vault.log_faults or lag is None else ""


def said(vault: OffsiteVault) -> str:
    """How far behind the commits are, in a few words; empty where they are not copied."""
    if not copied(vault):
        return ""
    lag = lag_of(vault)
    return f"commits {seconds_text(lag.total_seconds())} behind" if lag is not None else "no commits there yet"
