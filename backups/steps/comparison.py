"""The steps of a comparison of a backup with the live database, row by row (B11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backups import selectors
from backups.engines import rows
from backups.services import unpacking
from backups.steps.databases import room_for_bytes
from backups.steps.restore import backup_of
from backups.vault.shelf import explained
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.runs.scratch import ScratchStep


def then(ctx: Context) -> Path:
    """The unpacked backup."""
    return ctx.work_dir / "then.sqlite3"


def database(ctx: Context) -> Path:
    """The live one."""
    return selectors.database_path(ctx.environment, ctx.runtime)


class UnpackRows(ScratchStep):
    """Unpacks the backup beside smsops's own data."""

    key = "rows.unpack"
    title = "Unpack the backup to look into it"
    phase = Phase.PREPARE
    timeout = 3600

    def do(self, ctx: Context) -> Outcome:
        backup = backup_of(ctx)
        with explained(ctx.work_dir):
            room_for_bytes(backup.size, ctx.work_dir)
            unpacking.unpack(backup, then(ctx), ctx.guard)
        return Done({"identifier": backup.identifier}, "Every block is right.")


class CompareRows(StepKind):
    """Counts, per table, what was added, changed and removed since the backup; nobody is held up."""

    key = "rows.compare"
    title = "Compare it with the live database"
    phase = Phase.DETECT
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        found = rows.differences(then(ctx), database(ctx))
        told = [_told(each) for each in found if each.before or each.after]
        lost = ", ".join(f"{each['removed'] + each['hidden']:,} {each['table']}" for each in told if _lost(each))
        headline = f"Since {backup_of(ctx).identifier}: {f'gone are {lost}' if lost else 'nothing is gone'}."
        return Done({"tables": told, "headline": headline}, headline)


def _told(each: rows.TableDifference) -> dict[str, Any]:
    names = ("table", "before", "after", "added", "changed", "removed", "hidden", "only_in", "problem")
    return {name: getattr(each, name) for name in names}


def _lost(each: dict[str, Any]) -> bool:
    return bool(each["removed"] or each["hidden"])
