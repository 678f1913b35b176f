"""The disasters of a drill, made for real in its sandbox (runbook §6.4)."""

from __future__ import annotations

from backups.engines.sqlite import SqliteEngine, connect
from backups.steps.restore_test import database_of
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.switch import sandbox

DELETED = 50  # rows of the first core table that a drill deletes


TORN = 64 * 1024  # bytes in the middle of the database that a drill overwrites


class DeleteRows(StepKind):
    """Deletes students in the sandbox, as somebody might by accident."""

    key = "drill.delete"
    title = "Delete rows by accident"
    phase = Phase.DETECT

    def do(self, ctx: Context) -> Outcome:
        table = ctx.environment.core_tables[0]
        with connect(database_of(ctx)) as connection, connection:
            query = f'DELETE FROM "{table}" WHERE rowid IN (SELECT rowid FROM "{table}" ORDER BY rowid DESC LIMIT ?)'  # noqa: S608
            gone = connection.execute(query, [DELETED]).rowcount
        if not gone:
            raise OpsError(f"The backup has no rows in {table}; there is nothing to rehearse with.")
        return Done({"table": table, "gone": gone}, f"{gone} rows of {table} are gone.")


class TearDatabase(StepKind):
    """Stops the sandbox and overwrites a part of its database, as a dying disk would."""

    key = "drill.tear"
    title = "Damage the database, and notice it"
    phase = Phase.DETECT

    def do(self, ctx: Context) -> Outcome:
        ctx.guard()
        sandbox.service_of(ctx).runtime.stop(sandbox.name_of(ctx), ctx.environment.stop_seconds)
        database = database_of(ctx)
        with database.open("r+b") as file:
            file.seek(database.stat().st_size // 2)
            file.write(b"\xa5" * min(TORN, database.stat().st_size // 2))
        problem = SqliteEngine().facts(database).problem
        if not problem:
            raise OpsError("The damage was not noticed by quick_check.")
        return Done({"problem": problem}, f"quick_check: {problem.splitlines()[0][:200]}")
