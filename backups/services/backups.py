"""Taking backups."""

from __future__ import annotations

from backups.models import Backup, Reason
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit

BACKUP_STEPS = (PlannedStep("backup.snapshot"), PlannedStep("backup.store"), PlannedStep("backup.catalogue"))


def plan(environment: Environment, reason: str = Reason.MANUAL) -> Plan:
    """What a backup would do."""
    return Plan(
        kind="backup",
        title=f"Back up {environment.name}",
        environment=environment,
        steps=(*BACKUP_STEPS, PlannedStep("vault.tidy")) if reason == Reason.SCHEDULED else BACKUP_STEPS,
        params={"backup_reason": reason},
        notes=("SMS goes on running; its writers are not held up.",),
    )


def request(environment: Environment, by: By, reason: str = Reason.MANUAL) -> Run:
    """Queue a backup; WrongUse when another exclusive run is under way there."""
    return submit(plan(environment, reason), by)


def plan_verification(backup: Backup) -> Plan:
    """What a verification of a stored backup would do."""
    return Plan(
        kind="verification",
        title=f"Verify backup {backup.identifier}",
        environment=backup.environment,
        steps=(PlannedStep("verify.prove"),),
        params={"backup": backup.pk},
        exclusive=False,
        notes=("SMS is not touched; the backup is unpacked into a scratch file and every check is run on it.",),
    )


def verify(backup: Backup, by: By) -> Run:
    """Queue a verification of a stored backup."""
    return submit(plan_verification(backup), by)
