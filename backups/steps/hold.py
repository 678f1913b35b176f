"""The data side of a deploy or code rollback: a copy of the stopped database, and the way back to it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from backups.engines.base import TableChange
from backups.engines.sqlite import SqliteEngine, fsync, quiesce
from backups.services import integrity, swaps
from backups.steps.restore import database, private
from backups.vault.shelf import explained
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.text import bytes_text


class HoldData(StepKind):
    """Copies the stopped database on its own volume; if the new release spoils the data, this copy takes its place."""

    key = "data.hold"
    title = "Copy the stopped database"
    phase = Phase.PREPARE
    timeout = 1800
    touches_sms = True
    undo_note = "If the new release changed schema or rows, the copy takes the database's place; else it is removed."

    def do(self, ctx: Context) -> Outcome:
        live, copy = database(ctx), private(ctx, "hold")
        if not live.exists():
            return Done(output="There is no database yet.", skipped=True)
        part = copy.with_name(copy.name + ".part")
        with explained(copy.parent):
            SqliteEngine().snapshot(live, part)
            fsync(part)
            swaps.own_like(part, live)
            part.rename(copy)
        facts = SqliteEngine().facts(copy)
        result = {"row_counts": facts.row_counts, "schema_revision": facts.schema_revision}
        return Done(result, f"{bytes_text(facts.size)} held; {facts.problem or 'quick_check: ok'}.")

    def undo(self, ctx: Context) -> Outcome:
        live, copy = database(ctx), private(ctx, "hold")
        copy.with_name(copy.name + ".part").unlink(missing_ok=True)
        if not copy.exists():
            return Done(output="The data is as it was.")
        spoiled = _spoiled(ctx, live, copy)
        if not spoiled:
            copy.unlink()
            return Done(output="The new release had not changed the data; it stays as it is.")
        swaps.install(ctx.runtime.data_folder(), live, copy, ctx.held.token)
        return Done({"restored": True}, f"The data of before was put back: {spoiled}")

    def by_hand(self, ctx: Context) -> list[str]:
        return [
            f"rm -f {database(ctx)}-wal {database(ctx)}-shm",
            f"mv {private(ctx, 'hold')} {database(ctx)}",
        ]


def _spoiled(ctx: Context, live: Path, copy: Path) -> str:
    """Why the database must not stay, in a sentence; empty when the old release can work with it."""
    try:
        quiesce(live)
        return integrity.spoiled(copy, live, ctx.environment.core_tables)
    except OpsError as error:
        if error.transient:
            raise
        return str(error)


class CompareData(StepKind):
    """Compares the running database with the copy held before the switch (runbook §4.3, D9)."""

    key = "data.compare"
    title = "Compare the data with before"
    phase = Phase.VALIDATE
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        copy = private(ctx, "hold")
        if not copy.exists():
            return Done(output="There was no database before.", skipped=True)
        changes = SqliteEngine().compare(copy, database(ctx), ctx.environment.core_tables)
        losses = integrity.losses(changes, migrated=_migrated(ctx))
        if losses:
            raise OpsError(f"The new release damaged the data: {'; '.join(losses)}.")
        return Done({"tables": [asdict(change) for change in changes]}, _table(changes))


def _migrated(ctx: Context) -> bool:
    """Whether the switch crossed a migration; then rows may legitimately read differently."""
    before: str = ctx.fact("data.hold", "schema_revision", "")
    return SqliteEngine().revision(database(ctx)) != before


def _table(changes: list[TableChange]) -> str:
    return "\n".join(
        f"{change.table}: {change.before:,} before, {change.after:,} now, {change.changed:,} changed"
        for change in changes
    )


class ReleaseHold(StepKind):
    """Removes the copy once the switch has proven itself."""

    key = "data.release"
    title = "Remove the held copy"
    phase = Phase.VALIDATE
    point_of_no_return = True
    essential = False
    undo_note = "None: the backup of this run remains."

    def do(self, ctx: Context) -> Outcome:
        private(ctx, "hold").unlink(missing_ok=True)
        return Done(output="Removed.")
