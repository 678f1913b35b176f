"""The disasters of a drill, made for real in its sandbox (runbook §6.4)."""

from __future__ import annotations

from backups.steps.databases import database_of, work_of
from backups.steps.restore_test import trial_of
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.switch import sandbox
from smsops.text import count_text

DELETED = 50  # rows of the first core table that a drill deletes


class DeleteRows(StepKind):
    """Deletes students in the sandbox, as somebody might by accident."""

    key = "drill.delete"
    title = "Delete rows by accident"
    phase = Phase.DETECT

    def do(self, ctx: Context) -> Outcome:
        table = ctx.environment.core_tables[0]
        gone = trial_of(ctx).delete(table, DELETED)
        if not gone:
            raise OpsError(f"The backup has no rows in {table}; there is nothing to rehearse with.")
        return Done(
            {"table": table, "gone": gone}, f"{count_text(gone, f'row of {table} is', f'rows of {table} are')} gone."
        )


class TearDatabase(StepKind):
    """Stops the sandbox and overwrites a part of its database, as a dying disk would."""

    key = "drill.tear"
    title = "Damage the database, and notice it"
    phase = Phase.DETECT

    def do(self, ctx: Context) -> Outcome:
        ctx.guard()
        sandbox.service_of(ctx).runtime.stop(sandbox.name_of(ctx), ctx.environment.stop_seconds)
        problem, check = trial_of(ctx).tear(work_of(ctx)), database_of(ctx).noticing
        if not problem:
            raise OpsError(f"The damage was not noticed by {check}.")
        return Done({"problem": problem}, f"{check}: {problem.splitlines()[0][:200]}")
