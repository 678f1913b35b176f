"""Audits of a release: known weaknesses of its packages, and secrets left in its files (runbook §9, D14)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from deployments import selectors
from deployments.audits.base import Found
from deployments.models import Finding, Release
from deployments.services.config import fingerprint
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runtimes.registry import runtime_for

KIND = "audit"
STEPS = ("audit.pip", "audit.npm", "audit.secrets", "audit.conclude")
CARRIED = ("accepted_at", "accepted_by", "accepted_by_user", "accepted_reason")


def plan(release: Release) -> Plan:
    """What auditing a release would do; SMS does not notice."""
    return Plan(
        kind=KIND,
        title=f"Audit {release.version} of {release.environment.name}",
        environment=release.environment,
        steps=tuple(PlannedStep(kind) for kind in STEPS),
        params={"release": release.pk, "version": release.version},
        exclusive=False,
        notes=(
            "Its packages are looked up by pip-audit and npm audit, its files are searched for secrets by "
            "detect-secrets. Nothing of it is run, and SMS is not touched.",
            "What could not be checked, for want of a tool or of the network, is told as just that.",
        ),
    )


def start(release: Release, by: By) -> Run:
    """Queue it."""
    return submit(plan(release), by)


def start_newest(environment: Environment, by: By) -> Run:
    """Queue one of the newest release. WrongUse where none is known."""
    release = Release.objects.filter(environment=environment).first()
    if release is None:
        raise WrongUse(f"{environment.name} has no release yet; import the releases first.")
    return start(release, by)


def release_of(environment: Environment, version: str = "") -> Release:
    """The release of that version; without one the running one, else the newest. WrongUse where there is none."""
    if version:
        return selectors.find(environment, version)
    running = selectors.running_release(environment, runtime_for(environment).inspect(environment.instance))
    found = running or Release.objects.filter(environment=environment).first()
    if found is None:
        raise WrongUse(f"{environment.name} has no release yet; import the releases first.")
    return found


def record(run: Run, tool: str, found: Sequence[Found]) -> list[Finding]:
    """Make these the findings of this tool in this run, in the place of any it wrote before it was interrupted.

    Where somebody has accepted the same finding here before, it is accepted.
    """
    marks = {fingerprint(f"{tool} {each.same}"): each for each in found}
    accepted = {row.mark: row for row in _accepted(run).filter(mark__in=marks).order_by("accepted_at")}
    rows = [_row(run, tool, mark, each, accepted.get(mark)) for mark, each in marks.items()]
    with transaction.atomic():
        Finding.objects.filter(run=run, tool=tool).delete()
        return Finding.objects.bulk_create(rows)


def accept(finding: Finding, by: By) -> None:
    """Somebody answers for it, here and in later audits. WrongUse without a reason."""
    if not by.reason.strip():
        raise WrongUse("Say why it is accepted.")
    user = by.user if by.user is not None and by.user.pk else None
    Finding.objects.filter(environment=finding.environment_id, mark=finding.mark, accepted_at=None).update(
        accepted_at=timezone.now(), accepted_by=by.name[:150], accepted_by_user=user, accepted_reason=by.reason
    )


def _accepted(run: Run) -> QuerySet[Finding]:
    return Finding.objects.filter(environment=run.environment_id, accepted_at__isnull=False)


def _row(run: Run, tool: str, mark: str, found: Found, before: Finding | None) -> Finding:
    row = Finding(
        environment=run.environment,
        run=run,
        version=str(run.params.get("version", ""))[:60],
        tool=tool,
        severity=found.severity,
        package=found.package[:200],
        installed=found.installed[:100],
        advisory=found.advisory,
        fix=found.fix,
        file=found.file[:500],
        line=found.line,
        what=found.what[:300],
        mark=mark,
    )
    for name in CARRIED if before is not None else ():
        setattr(row, name, getattr(before, name))
    return row
