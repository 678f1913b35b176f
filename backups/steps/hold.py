"""The data side of a deploy or code rollback: a copy of the stopped database, and the way back to it."""

from __future__ import annotations

from dataclasses import asdict

from backups.engines.base import TableChange
from backups.services import integrity
from backups.services.databases.base import Database, Work
from backups.steps.databases import database_of, work_of
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
        database = database_of(ctx)
        facts = database.hold(work_of(ctx))
        if facts is None:
            return Done(output="There is no database yet.", skipped=True)
        return Done(facts.result, f"{bytes_text(facts.size)} held; {facts.problem or f'{database.check}: ok'}.")

    def undo(self, ctx: Context) -> Outcome:
        database, work = database_of(ctx), work_of(ctx)
        if not database.held(work):
            database.release(work)
            return Done(output="The data is as it was.")
        spoiled = _spoiled(ctx, database, work)
        if not spoiled:
            database.release(work)
            return Done(output="The new release had not changed the data; it stays as it is.")
        database.put_back(work)
        database.release(work)
        return Done({"restored": True}, f"The data of before was put back: {spoiled}")

    def by_hand(self, ctx: Context) -> list[str]:
        return database_of(ctx).put_back_by_hand(work_of(ctx))


def _spoiled(ctx: Context, database: Database, work: Work) -> str:
    """Why the database must not stay, in a sentence; empty when the old release can work with it."""
    try:
        return database.spoiled(work, ctx.environment.core_tables)
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
        database, work = database_of(ctx), work_of(ctx)
        if not database.held(work):
            return Done(output="There was no database before.", skipped=True)
        changes = database.compare(work, ctx.environment.core_tables)
        losses = integrity.losses(changes, migrated=_migrated(ctx))
        if losses:
            raise OpsError(f"The new release damaged the data: {'; '.join(losses)}.")
        return Done({"tables": [asdict(change) for change in changes]}, _table(changes))


def _migrated(ctx: Context) -> bool:
    """Whether the switch crossed a migration; then rows may legitimately read differently."""
    before: str = ctx.fact("data.hold", "schema_revision", "")
    return database_of(ctx).revision() != before


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
        database_of(ctx).release(work_of(ctx))
        return Done(output="Removed.")
