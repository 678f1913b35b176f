"""Deploys (runbook §2), and what they share with the ways back."""

from __future__ import annotations

from collections.abc import Collection

from backups.models import Reason
from backups.services.backups import BACKUP_STEPS
from deployments.models import Release
from deployments.services import crossing, rehearsals, switches
from deployments.steps import watch
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for

BEFORE = (PlannedStep("check.preconditions"), PlannedStep("config.snapshot"))


def plan_deploy(release: Release, acknowledged: Collection[str] = ()) -> Plan:
    """What deploying `release` would do. Raises WrongUse when it runs already or has no image. `acknowledged` names the
    versions whose breaking changes somebody has read; the plan tells which ones are crossed."""
    environment = release.environment
    running = runtime_for(environment).inspect(environment.instance)
    refuse(release, running)
    switch = switches.switch(release, running)
    notes = [
        f"A verified backup is taken first. {switch.note}",
        "If it does not become healthy and ready, fails the checklist or damages data, everything is undone.",
    ]
    rehearsed, said = rehearsals.verdict(release)
    if environment.rehearsal_required and not rehearsed:
        raise WrongUse(f"{environment.name} wants a rehearsal before a deploy. {said}", fix="Rehearse it first.")
    notes.append(said)
    crossed = crossing.crossed(release, running)
    notes = [*crossing.notes(crossed, acknowledged), *notes]
    known = {"acknowledged": crossing.acknowledged(crossed, acknowledged)}
    return Plan(
        kind="deploy",
        title=f"Deploy {release.version} to {environment.name}",
        environment=environment,
        steps=(*BEFORE, *_measure(environment), *BACKUP_STEPS, *switch.steps),
        params=params_of(release, running)
        | {"backup_reason": Reason.DEPLOY, "first_installation": running is None, **known},
        disturbs=True,
        notes=tuple(notes),
        asked={"release": release.pk, "acknowledged": sorted(acknowledged)},
    )


def acknowledged_plan(release: Release, acknowledged: Collection[str]) -> Plan:
    """The plan to be done. WrongUse until every breaking change on the way is acknowledged by its version's name."""
    running = runtime_for(release.environment).inspect(release.environment.instance)
    crossing.refuse(crossing.crossed(release, running), acknowledged)
    return plan_deploy(release, acknowledged)


def deploy(release: Release, by: By, acknowledged: Collection[str] = ()) -> Run:
    """Queue the deploy, once what it breaks is acknowledged."""
    return submit(acknowledged_plan(release, acknowledged), by)


def _measure(environment: Environment) -> tuple[PlannedStep, ...]:
    return (PlannedStep(watch.BEFORE),) if environment.watch_seconds else ()


def params_of(release: Release, running: Instance | None) -> dict[str, object]:
    """What the steps must know of both releases."""
    return {
        "release": release.pk,
        "version": release.version,
        "image_id": release.image_id,
        "old_version": running.version if running else "",
        "old_image_id": running.image_id if running else "",
    }


def refuse(release: Release, running: Instance | None) -> None:
    """Raise WrongUse when the release runs already or has no image."""
    if not release.image_id:
        raise WrongUse(f"Release {release.version} has no image here.", fix="Build or load it, then import again.")
    if running is not None and running.up and running.image_id == release.image_id:
        raise WrongUse(f"Release {release.version} is the one that runs already.")
