"""Looking into a backup and putting single rows back (B11): no restore, no downtime, nothing else is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backups.models import Backup, Reason
from backups.services.backups import BACKUP_STEPS
from smsops.errors import WrongUse
from smsops.models import Risk, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit

CHOICES = ("removed", "hidden", "changed")
Chosen = Mapping[str, Sequence[Any]]  # per table: words of CHOICES, or keys as lists


def _steps(*names: str) -> tuple[PlannedStep, ...]:
    return tuple(PlannedStep(f"rows.{name}") for name in names)


def plan_comparison(backup: Backup) -> Plan:
    """What comparing the live database with this backup would do."""
    return Plan(
        kind="comparison",
        title=f"Compare {backup.environment.name} with {backup.identifier}",
        environment=backup.environment,
        steps=_steps("unpack", "compare", "clean"),
        params={"backup": backup.pk},
        exclusive=False,
        notes=("The backup is unpacked beside smsops's data and compared row by row; SMS is only read.",),
    )


def plan_recovery(backup: Backup, chosen: Chosen, *, with_children: bool, dry_run: bool = False) -> Plan:
    """What putting back the chosen rows would do; with `dry_run` only the plan is worked out.

    Raises WrongUse when nothing, or a word that is no choice, was chosen.
    """
    if not any(chosen.values()):
        raise WrongUse("Say which rows: of which table, and which of them.")
    wrong = [pick for picks in chosen.values() for pick in picks if isinstance(pick, str) and pick not in CHOICES]
    if wrong:
        raise WrongUse(f"There is no choice “{wrong[0]}”; there are {', '.join(CHOICES)}, and keys.")
    act = _steps("unpack", "plan", "clean")
    if not dry_run:
        act = (*BACKUP_STEPS, *_steps("unpack", "plan", "put_back", "clean"))
    picked = {table: list(picks) for table, picks in chosen.items()}
    return Plan(
        kind="row_preview" if dry_run else "row_recovery",
        title=f"{'Preview rows' if dry_run else 'Put rows back'} from {backup.identifier}",
        environment=backup.environment,
        steps=act,
        params={
            "backup": backup.pk,
            "chosen": picked,
            "with_children": with_children,
            "dry_run": dry_run,
            "backup_reason": Reason.RESTORE,
        },
        exclusive=not dry_run,
        notes=(
            "A backup is taken first. Then the rows go back in one transaction while SMS runs: all of them or none.",
            "Rows they need come along; a row that somebody else's took the place of stops everything, with its name.",
        ),
        risk=Risk.ROUTINE if dry_run else _risk(picked),
        asked={"backup": backup.pk, "chosen": picked, "with_children": with_children, "dry_run": dry_run},
    )


def _risk(picked: Mapping[str, Sequence[Any]]) -> Risk:
    """Rows that are gone or hidden take nobody's place; others are overwritten, and what is in them now is lost."""
    added = all(pick in ("removed", "hidden") for picks in picked.values() for pick in picks)
    return Risk.DISTURBING if added else Risk.LOSING


def compare(backup: Backup, by: By) -> Run:
    """Queue a comparison."""
    return submit(plan_comparison(backup), by)


def put_back(backup: Backup, chosen: Chosen, by: By, *, with_children: bool, dry_run: bool = False) -> Run:
    """Queue a recovery of rows, or its preview."""
    return submit(plan_recovery(backup, chosen, with_children=with_children, dry_run=dry_run), by)
