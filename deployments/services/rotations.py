"""Rotation of SMS's SECRET_KEY (runbook §8): made, written, proven, or taken back."""

from __future__ import annotations

from deployments.services import config
from deployments.services.key_changes import KIND
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import runtime_for
from smsops.switch import traffic

BEFORE = ("rotation.check", "rotation.sign_in", "config.snapshot")
# SMS stands still from before the file changes until it is made anew: it never runs with another key than the file has.
SWITCH = (
    "switch.stop",
    "rotation.write",
    "switch.create",
    "switch.aside",
    "switch.commit",
    "switch.start",
    "switch.gate",
    "rotation.prove",
)
SETTLE = ("switch.steady", "rotation.record", "rotation.retire")


def plan(environment: Environment) -> Plan:
    """What it would do. Raises WrongUse without an env file or an SMS, OpsError when the file cannot be read."""
    if not environment.env_file:
        said = f"{environment.name} has no env file, so there is no SECRET_KEY to change."
        raise WrongUse(said, fix="Set the environment's env file.")
    runtime = runtime_for(environment)
    running = runtime.inspect(environment.instance)
    if running is None:
        said = f"No SMS is installed at {environment.name} yet."
        raise WrongUse(said, fix="Its key is the one that is in the env file at the first deploy.")
    checks = [step.kind for step in validation_steps(environment)]
    kinds = [*BEFORE, *traffic.around(environment, [*SWITCH, *checks, *SETTLE], running)]
    return Plan(
        kind=KIND,
        title=f"Rotate SECRET_KEY of {environment.name}",
        environment=environment,
        steps=tuple(PlannedStep(kind) for kind in kinds),
        params=_params(running),
        disturbs=True,
        notes=_notes(environment, config.unapplied(config.look(environment, runtime))),
    )


def start(environment: Environment, by: By) -> Run:
    """Queue it."""
    return submit(plan(environment), by)


def _params(running: Instance) -> dict[str, object]:
    """The same release before and after."""
    return {"image_id": running.image_id, "version": running.version,
            "old_image_id": running.image_id, "old_version": running.version}  # fmt: skip


def _notes(environment: Environment, late: list[str]) -> tuple[str, ...]:
    notes = [
        "Every session ends: everybody has to sign in again. Tell the people who use SMS first.",
        f"A new key is made and written into {environment.env_file}; nothing else in it changes. It is shown nowhere.",
        "SMS is away for a stop and a start. It is made anew from the same image, as a restart reads no env file.",
        "If it does not come up or the proof fails, the old file, the old SMS and the old sessions come back.",
        "When all is well, the old instances are removed: they hold the old key.",
    ]
    if not environment.smoke_email:
        notes.append("No smoke account is set: that old tokens are refused and a login works cannot be proven.")
    if late:
        notes.append(f"SMS also gets what was changed in the env file since it was made: {', '.join(late[:20])}.")
    return tuple(notes)
