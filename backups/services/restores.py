"""Full restores of the database (runbook §4.2B)."""

from __future__ import annotations

from backups.models import Backup
from backups.services import databases
from smsops.errors import OpsError, WrongUse
from smsops.models import EdgeKind, Environment, Risk, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.runs.validation import validation_steps
from smsops.runtimes.base import Instance, Runtime
from smsops.runtimes.registry import runtime_for
from smsops.switch import traffic
from smsops.text import age_text, bytes_text


def plan(backup: Backup, image_id: str = "") -> Plan:
    """What restoring `backup` would do, and what it costs; with `image_id`, that is the release that fits it.

    Raises WrongUse when it cannot work.
    """
    environment = backup.environment
    if backup.damage:
        raise WrongUse(f"The backup {backup.identifier} is damaged: {backup.damage}", fix="Choose an older one.")
    runtime = runtime_for(environment)
    running = runtime.inspect(environment.instance)
    image_id, code_note = _chosen(image_id, runtime) or fitting_release(backup, runtime, running)
    # Behind an edge requests wait for an instance of its own; without one, SMS keeps the one it has where it fits.
    edged = environment.edge != EdgeKind.NONE
    switch = bool(image_id) and (edged or running is None or image_id != running.image_id)
    return Plan(
        kind="restore",
        title=f"Restore {environment.name} from {backup.identifier}",
        environment=environment,
        steps=_steps(environment, running, switch=switch),
        params={
            "backup": backup.pk,
            "image_id": image_id,
            "old_image_id": running.image_id if running else "",
            "old_version": running.version if running else "",
        },
        disturbs=True,
        notes=(
            f"The data goes back to {backup.taken_at:%Y-%m-%d %H:%M:%S} UTC ({age_text(backup.age)}); "
            "what was written since is lost from SMS.",
            f"{bytes_text(backup.size)} are unpacked while SMS runs; it is away only for the exchange and a start.",
            code_note,
            "The present database is kept and stored as a backup of its own; if anything fails, it comes back.",
        ),
        risk=Risk.LOSING,
        asked={"backup": backup.pk},
    )


def _chosen(image_id: str, runtime: Runtime) -> tuple[str, str] | None:
    """The release asked for, and a sentence; None when none was, or when it is not here any more."""
    image = runtime.image(image_id) if image_id else None
    return (image.id, f"Release {image.version} is started, the one that ran then.") if image else None


def start(backup: Backup, by: By) -> Run:
    """Queue the restore."""
    return submit(plan(backup), by)


def _steps(environment: Environment, running: Instance | None, *, switch: bool) -> tuple[PlannedStep, ...]:
    kinds = ["restore.stage"]
    if switch:
        kinds.append("switch.create")
    kinds += ["switch.stop", "log.rest", "restore.settle", "restore.keep_old", "restore.swap"]
    if switch:
        kinds += ["switch.aside", "switch.commit"]
    kinds += ["switch.start", "switch.gate", "log.resume", "restore.compare"]
    kinds += [step.kind for step in validation_steps(environment)]
    kinds += ["switch.steady", "restore.archive", "switch.retire"]
    return tuple(PlannedStep(kind) for kind in traffic.around(environment, kinds, running))


def fitting_release(backup: Backup, runtime: Runtime, running: Instance | None) -> tuple[str, str]:
    """The image SMS must run on this data, and a sentence about it.

    The running release stays where its schema is the backup's; otherwise the backup's own release is needed, because
    SMS does not start on a database whose revision it does not know (sms-contract, surprise 10).
    """
    if running is not None and (_live_revision(backup, runtime) == backup.schema_revision):
        return running.image_id, f"Release {running.version} fits this data and stays."
    image = runtime.image(backup.image_id) if backup.image_id else None
    if image is not None:
        return image.id, f"Release {image.version} is started, the one this data was written by."
    if running is not None:
        return (
            running.image_id,
            f"Release {running.version} stays; the release the data was written by is not here.",
        )
    raise WrongUse(
        f"No release is running and the backup's own ({backup.release_version or 'unknown'}) is not here.",
        fix="Import that release first.",
    )


def _live_revision(backup: Backup, runtime: Runtime) -> str | None:
    try:
        return databases.of(backup.environment, runtime).revision()
    except OpsError:
        return None  # missing or damaged: a reason to restore, not to refuse
