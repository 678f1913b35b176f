"""Building the running release's image anew, without any cache, and running SMS from it (runbook §5.3.2, §5.3.5)."""

from __future__ import annotations

from dataclasses import replace

from deployments import selectors
from deployments.services import builds, restarts
from smsops.errors import WrongUse
from smsops.models import Environment, Run, RuntimeKind
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.switch import traffic

KIND = "rebuild"
NOTES = (
    "The image of the running release is built from its tag; nothing an earlier build left is used, so it takes long.",
    "SMS goes on meanwhile; then it is made anew from that image.",
    restarts.AWAY,
)


def plan(environment: Environment) -> Plan:
    """What it would do. WrongUse where SMS runs natively, or its release has no tag to build it from."""
    if environment.runtime != RuntimeKind.DOCKER:
        raise WrongUse(f"{environment.name} runs natively: there is no image to build; roll back instead.")
    running = restarts.installed(environment)
    release = selectors.running_release(environment, running)
    if release is None:
        raise WrongUse("Which release runs is not known.", fix="Import the releases.")
    built = builds.plan_build(release, again=True)
    checks = [step.kind for step in validation_steps(environment)]
    kinds = traffic.around(environment, [*restarts.MADE_ANEW, *checks, *restarts.SETTLE], running)
    return replace(
        built,
        kind=KIND,
        title=f"Build {release.version} of {environment.name} anew and run it",
        steps=(*built.steps, *(PlannedStep(kind) for kind in kinds)),
        params={**built.params, "fresh": True, "old_image_id": running.image_id, "old_version": running.version},
        exclusive=True,
        disturbs=True,
        notes=(*built.notes[:1], *NOTES),
    )


def start(environment: Environment, by: By) -> Run:
    """Queue it."""
    return submit(plan(environment), by)
