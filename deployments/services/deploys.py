"""Deploys (runbook §2), and what they share with the ways back."""

from __future__ import annotations

from backups.models import Reason
from backups.services.backups import BACKUP_STEPS
from deployments.models import Release
from deployments.services import rehearsals
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for

BEFORE = (PlannedStep("check.preconditions"), PlannedStep("config.snapshot"))
SWITCH = (
    "switch.create",
    "switch.stop",
    "log.rest",
    "data.hold",
    "switch.aside",
    "switch.commit",
    "switch.start",
    "switch.gate",
    "log.resume",
)
SETTLE = ("data.compare", "switch.steady", "data.release", "switch.retire")


def plan_deploy(release: Release) -> Plan:
    """What deploying `release` would do. Raises WrongUse when it runs already or has no image."""
    environment = release.environment
    running = runtime_for(environment).inspect(environment.instance)
    refuse(release, running)
    notes = [
        "A verified backup is taken first; SMS is away for a stop and a start.",
        "If it does not become healthy and ready, fails the checklist or damages data, everything is undone.",
    ]
    rehearsed, said = rehearsals.verdict(release)
    if environment.rehearsal_required and not rehearsed:
        raise WrongUse(f"{environment.name} wants a rehearsal before a deploy. {said}", fix="Rehearse it first.")
    notes.append(said)
    if release.breaking:
        notes.insert(0, f"Breaking changes: {release.breaking}")
    return Plan(
        kind="deploy",
        title=f"Deploy {release.version} to {environment.name}",
        environment=environment,
        steps=(*BEFORE, *BACKUP_STEPS, *switch_steps(environment)),
        params=params_of(release, running) | {"backup_reason": Reason.DEPLOY, "first_installation": running is None},
        disturbs=True,
        notes=tuple(notes),
        asked={"release": release.pk},
    )


def deploy(release: Release, by: By) -> Run:
    """Queue the deploy."""
    return submit(plan_deploy(release), by)


def switch_steps(environment: Environment) -> tuple[PlannedStep, ...]:
    """From one release to another on the same data."""
    before = [PlannedStep(kind) for kind in SWITCH]
    after = [PlannedStep(kind) for kind in SETTLE]
    return (*before, *validation_steps(environment), *after)


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
