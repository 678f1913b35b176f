"""The steps of a comparison of a backup with the live database, row by row (B11)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from backups.engines import rows
from backups.services import unpacking
from backups.steps.databases import database_of, room_to_unpack, work_of
from backups.steps.restore import backup_of, same_engine
from backups.vault.manifest import Manifest
from backups.vault.shelf import explained
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.runs.scratch import ScratchStep


class UnpackRows(ScratchStep):
    """Unpacks the backup beside smsops's own data."""

    key = "rows.unpack"
    title = "Unpack the backup to look into it"
    phase = Phase.PREPARE
    timeout = 3600

    def do(self, ctx: Context) -> Outcome:
        backup, database = backup_of(ctx), database_of(ctx)

        def read(target: Path, beside: Callable[[], object]) -> Manifest:
            manifest = unpacking.unpack(backup, target, ctx.guard, beside=beside)
            same_engine(manifest, database)
            return manifest

        with explained(ctx.work_dir):
            room_to_unpack(ctx, backup.size)
            database.look_into(work_of(ctx), read)
        return Done({"identifier": backup.identifier}, "Every block is right.")

    def undo(self, ctx: Context) -> Outcome:
        database_of(ctx).look_away(work_of(ctx))
        return super().undo(ctx)


class CompareRows(StepKind):
    """Counts, per table, what was added, changed and removed since the backup; nobody is held up."""

    key = "rows.compare"
    title = "Compare it with the live database"
    phase = Phase.DETECT
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        database, work = database_of(ctx), work_of(ctx)
        found = rows.differences(database.then(work), database.now(work))
        told = [_told(each) for each in found if each.before or each.after]
        lost = ", ".join(f"{each['removed'] + each['hidden']:,} {each['table']}" for each in told if _lost(each))
        headline = f"Since {backup_of(ctx).identifier}: {f'gone are {lost}' if lost else 'nothing is gone'}."
        return Done({"tables": told, "headline": headline}, headline)


def _told(each: rows.TableDifference) -> dict[str, Any]:
    names = ("table", "before", "after", "added", "changed", "removed", "hidden", "only_in", "problem")
    return {name: getattr(each, name) for name in names}


def _lost(each: dict[str, Any]) -> bool:
    return bool(each["removed"] or each["hidden"])
