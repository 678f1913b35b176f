"""The steps of a row-level recovery: chosen rows go back while SMS runs (B11)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backups.engines import plans, putting, recovery, rows
from backups.engines.plans import RecoveryPlan
from backups.steps.databases import database_of, work_of
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs import scratch
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.text import count_text

SHOWN = 50  # conflicts that are told one by one


def plan_file(ctx: Context) -> Path:
    """The plan, which may be large, beside it."""
    return ctx.work_dir / "plan.json"


class PlanRows(StepKind):
    """Works out which rows go back, with those they need, and what stands against it; changes nothing."""

    key = "rows.plan"
    title = "Work out what goes back"
    phase = Phase.PREPARE
    timeout = 1800

    def do(self, ctx: Context) -> Outcome:
        chosen = {table: [_choice(each) for each in picks] for table, picks in ctx.params["chosen"].items()}
        database, work = database_of(ctx), work_of(ctx)
        then, now = database.then(work), database.now(work)
        plan = recovery.plan(then, now, chosen)
        if ctx.params.get("with_children") and plan.offered:
            plan = recovery.plan(then, now, chosen, children=plan.offered)
        conflicts = [conflict.text for conflict in plan.conflicts[:SHOWN]]
        if plan.blocking:
            stand = count_text(len(plan.blocking), "conflict stands", "conflicts stand")
            raise OpsError(
                f"{stand} in the way: {' '.join(conflicts[:5])}",
                fix="Leave those rows out, or restore the whole backup.",
            )
        plan_file(ctx).write_text(json.dumps(plans.dump(plan)))
        said = f"Rows that go back: {_sentence(plan)}." if plan.count else "There is nothing to put back."
        headline = {"headline": said} if ctx.params.get("dry_run") else {}
        result = {"tables": _summary(plan), "offered": dict(plan.offered or {}), "conflicts": conflicts}
        return Done(result | headline, said)


def _choice(each: Any) -> Any:
    """A kind by its word, or a key."""
    return rows.Kind(each) if isinstance(each, str) else tuple(each)


def _summary(plan: RecoveryPlan) -> list[dict[str, Any]]:
    return [
        {"table": each.table, "inserts": each.inserts, "updates": each.updates, "needed": each.needed}
        for each in plan.tables
    ]


def _sentence(plan: RecoveryPlan) -> str:
    return ", ".join(f"{len(each.rows):,} {each.table}" for each in plan.tables)


class PutRowsBack(StepKind):
    """Puts them back in one transaction, while SMS runs. All of them or none; twice is as good as once."""

    key = "rows.put_back"
    title = "Put the rows back, in one transaction"
    touches_sms = True
    timeout = 600
    undo_note = "None: all rows are back or none is; the backup taken before has everything as it was."

    def do(self, ctx: Context) -> Outcome:
        try:
            plan = plans.load(json.loads(plan_file(ctx).read_text()))
        except OSError as error:
            raise OpsError("The plan is gone from the work folder; begin again.") from error
        done = database_of(ctx).put_rows_back(plan, work_of(ctx))
        told = [f"{each.inserted + each.updated + each.already:,} {each.table}" for each in done]
        headline = f"Back again: {', '.join(told)}." if told else "There was nothing to put back."
        return Done({"headline": headline, "tables": [vars_of(each) for each in done]}, headline)


def vars_of(each: putting.PutBack) -> dict[str, Any]:
    """A table's counts as JSON."""
    return {
        "table": each.table,
        "inserted": each.inserted,
        "updated": each.updated,
        "already": each.already,
    }


class CleanRows(StepKind):
    """Removes the unpacked copy."""

    key = "rows.clean"
    title = "Remove the unpacked copy"
    essential = False

    def do(self, ctx: Context) -> Outcome:
        database_of(ctx).look_away(work_of(ctx))
        scratch.clear(ctx)
        return Done(output="It is gone.")
