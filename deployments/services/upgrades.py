"""Bringing the schema to what the running release needs (runbook §5.3.2): `alembic upgrade head`, by that release."""

from __future__ import annotations

from backups.models import Reason
from backups.services import databases
from backups.services.backups import BACKUP_STEPS
from deployments import selectors
from deployments.services import restarts
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.runtimes.registry import runtime_for
from smsops.switch import traffic

KIND = "upgrade"
STEPS = (
    "upgrade.create", "switch.stop", "log.rest", "data.hold", "upgrade.run", "switch.start", "switch.gate",
    "log.resume",
)  # fmt: skip


def plan(environment: Environment) -> Plan:
    """What it would do. WrongUse when the schema is what the release needs, or when that is not known."""
    running = restarts.installed(environment)
    release = selectors.running_release(environment, running)
    if release is None or not release.heads:
        raise WrongUse(
            f"Which schema the release at {environment.name} needs is not known.", fix="Import the releases."
        )
    at = databases.of(environment, runtime_for(environment)).revision()
    if set(at.split(",")) == set(release.heads.split(",")):
        raise WrongUse(f"The database is at {at}, which is what {release.version} needs.")
    checks = [step.kind for step in validation_steps(environment)]
    kinds = traffic.around(environment, [*STEPS, *checks, "data.compare", "switch.steady", "data.release"], running)
    notes = (
        f"The database is at {at or 'no revision'}; {release.version} brings it to {release.heads}.",
        "A verified backup is taken first. SMS is away while its own release migrates the database, and for a start.",
        "If that fails, or rows are lost, the database of before comes back.",
    )
    return Plan(
        KIND,
        f"Upgrade the schema of {environment.name}",
        environment,
        (PlannedStep("config.snapshot"), *BACKUP_STEPS, *(PlannedStep(kind) for kind in kinds)),
        params={"image_id": running.image_id, "version": running.version, "old_image_id": running.image_id,
                "heads": release.heads, "backup_reason": Reason.DEPLOY},
        disturbs=True,
        notes=notes,
    )  # fmt: skip


def start(environment: Environment, by: By) -> Run:
    """Queue it."""
    return submit(plan(environment), by)
