"""The kinds of proof smsops has itself: backups in time, a green check, tested restores, no relapse, a release."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from backups.selectors import CLOCKS_DIFFER
from deployments import versions
from deployments.models import CheckResult
from deployments.models.check import CheckVerdict
from incidents.actions.checks import Evidence, Verdict, add, lasted, since, window
from incidents.models import ActionItem, Incident
from incidents.objectives import copies
from smsops import zones
from smsops.models import FINAL, Run, RunState
from smsops.text import seconds_text

SEEN_LATELY = timedelta(days=2)  # a check nobody has asked for so long says nothing of now


def backups_in_time(item: ActionItem) -> Verdict:
    """The newest good backup was never older than the RPO."""
    environment, start = item.incident.environment, window(item)
    taken = copies.moments(environment.pk, start - environment.rpo)
    gap, at = _longest(taken, start)
    if gap > environment.rpo + CLOCKS_DIFFER / 5:
        old = seconds_text(gap.total_seconds())
        return Verdict(
            False, f"The newest backup was {old} old at {_when(at)}; the RPO is {environment.rpo_minutes} min."
        )
    return lasted(item, start, f"No backup was older than the RPO of {environment.rpo_minutes} min")


def _longest(taken: list[datetime], start: datetime) -> tuple[timedelta, datetime]:
    """The longest time without a backup since `start`, and when it ended."""
    marks = [*taken, timezone.now()]
    gaps = [(after - before, after) for before, after in pairwise(marks) if after > start]
    alone = (timezone.now() - start, timezone.now())
    return max(gaps, default=alone) if taken else alone


def check_green(item: ActionItem) -> Verdict:
    """A named check has said nothing but good."""
    name, start = item.check_name, window(item)
    found = CheckResult.objects.filter(environment=item.incident.environment, key=name, on_copy=False)
    bad = found.filter(at__gte=start, verdict=CheckVerdict.FAIL).order_by("-at").first()
    last = found.exclude(verdict=CheckVerdict.SKIP).order_by("-at").first()
    if last is None or last.at < since(item):
        return Verdict(None, f"The check “{name}” was not asked since the incident was over.")
    if bad is not None:
        return Verdict(False, f"“{name}” failed at {_when(bad.at)}: {bad.detail[:200]}")
    if last.at < timezone.now() - SEEN_LATELY:
        return Verdict(None, f"“{name}” was asked last at {_when(last.at)}: too long ago.")
    return lasted(item, start, f"“{name}” was green")


def restore_tested(item: ActionItem) -> Verdict:
    """The last restore test since then passed."""
    tests = Run.objects.filter(environment=item.incident.environment, kind="restore_test", state__in=FINAL)
    last = tests.exclude(state=RunState.CANCELLED).filter(started_at__gte=since(item)).order_by("-finished_at").first()
    if last is None:
        return Verdict(None, "No restore test has ended since the incident was over.")
    when = _when(last.finished_at or last.created_at)
    if last.state != RunState.SUCCEEDED:
        return Verdict(False, f"The restore test of {when} failed: {last.cause[:200]}")
    return Verdict(True, f"The restore test of {when} passed (run {last.pk}).")


def no_relapse(item: ActionItem) -> Verdict:
    """The same root cause has opened no other incident."""
    incident = item.incident
    again = Incident.objects.filter(environment=incident.environment, fingerprint=incident.fingerprint, drill=False)
    last = again.exclude(pk=incident.pk).filter(detected_at__gte=window(item)).order_by("-detected_at").first()
    if incident.live:
        return Verdict(None, "The incident is not over.")
    if last is not None:
        which = "" if last.private else f" (incident {last.pk})"
        return Verdict(False, f"It happened again at {_when(last.detected_at)}{which}.")
    return lasted(item, window(item), "It did not happen again")


def release_there(item: ActionItem) -> Verdict:
    """A release, or a later one, was deployed and not gone back from."""
    wanted = item.check_name
    moves = Run.objects.filter(environment=item.incident.environment, kind__in=["deploy", "rollback"])
    last = moves.filter(state=RunState.SUCCEEDED).order_by("-finished_at").first()
    version = str(last.params.get("version", "")) if last is not None else ""
    if last is None or not version:
        return Verdict(None, f"Release {wanted} was not deployed yet.")
    if versions.sort_key(version) >= versions.sort_key(wanted):
        at = _when(last.finished_at or last.created_at)
        return Verdict(True, f"Release {version} was deployed at {at} (run {last.pk}).")
    return Verdict(False if item.held else None, f"Release {version} runs, not {wanted}.")


def _when(at: datetime) -> str:
    return zones.kept(at)


add(
    Evidence("backup_age", "backups within the RPO", backups_in_time),
    Evidence("check", "a check that stays green", check_green, named="the check's key, like “health”"),
    Evidence("restore_test", "a restore test that passes", restore_tested, lasting=False),
    Evidence("no_relapse", "no incident with the same cause", no_relapse),
    Evidence("release", "a release that is deployed", release_there, named="its version, like “1.18.1”", lasting=False),
)
