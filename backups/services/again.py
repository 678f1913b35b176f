"""Plans of restores and row recoveries made anew from what was asked for, when a second person decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backups.models import Backup
from backups.services import moments, recoveries, restores
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.runs.plan import Plan


def restore(environment: Environment, asked: dict[str, Any]) -> Plan:
    """What the restore from that backup, or to that moment, would do now."""
    if "until" in asked:
        return moments.plan(environment, datetime.fromisoformat(asked["until"]))
    return restores.plan(_backup(environment, asked))


def put_rows_back(environment: Environment, asked: dict[str, Any]) -> Plan:
    """What putting those rows back would do now."""
    backup, chosen = _backup(environment, asked), asked["chosen"]
    return recoveries.plan_recovery(backup, chosen, with_children=asked["with_children"], dry_run=asked["dry_run"])


def _backup(environment: Environment, asked: dict[str, Any]) -> Backup:
    backup = Backup.objects.filter(environment=environment, pk=asked["backup"]).first()
    if backup is None:
        raise WrongUse("The backup is not there any more.")
    return backup


PLANNERS = {"restore": restore, "row_recovery": put_rows_back}
