"""The steps that take a schema back for good (runbook §4.2A): with SMS stopped, on a copy that then takes its place."""

from __future__ import annotations

from typing import ClassVar

from backups.steps.databases import database_of, room_for_bytes, work_of
from backups.steps.restore_test import trial_of
from backups.vault.shelf import explained
from deployments.steps.schema import COPIES, TryDowngrade, missing, successor_of
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.runs.scratch import ScratchStep
from smsops.runtimes import registry
from smsops.runtimes.base import Runtime, Told
from smsops.switch import sandbox
from smsops.text import bytes_text


class CopyStopped(ScratchStep):
    """Copies the stopped database to where the newer release can work on it: this copy is the one that counts."""

    key = "schema.copy"
    title = "Copy the stopped database"
    phase: ClassVar[str] = Phase.PREPARE
    timeout = 3600
    undo_note: ClassVar[str] = "The copy is removed."

    def do(self, ctx: Context) -> Outcome:
        successor = successor_of(ctx)
        with explained(ctx.work_dir):
            if successor.apart:
                room_for_bytes(database_of(ctx).size() * COPIES, ctx.work_dir)
            facts = successor.make(work_of(ctx))
        return Done(facts.result, f"{bytes_text(facts.size)} copied; {successor.check}: ok.")

    def undo(self, ctx: Context) -> Outcome:
        successor_of(ctx).end(work_of(ctx))
        return super().undo(ctx)


class Downgrade(TryDowngrade):
    """The way back on the copy that counts."""

    key = "schema.downgrade"
    title = "Take the schema back, on the copy"
    phase: ClassVar[str] = Phase.EXECUTE
    copied: ClassVar[str] = CopyStopped.key

    def runtime(self, ctx: Context, *, anew: bool = True) -> Runtime:
        successor = successor_of(ctx)
        if successor.apart:
            return sandbox.runtime_of(ctx)
        return registry.command_for(ctx.environment, successor.told(work_of(ctx)) if anew else Told())

    def script(self, ctx: Context) -> str:
        return successor_of(ctx).fence(work_of(ctx)) + super().script(ctx)

    def found(self, ctx: Context) -> tuple[str, dict[str, int]]:
        facts = successor_of(ctx).facts(work_of(ctx))
        return facts.schema_revision, facts.row_counts


class StageDowngraded(StepKind):
    """Puts what came out beside the live database, proven, ready for the one rename."""

    key = "schema.stage"
    title = "Put the copy beside the database and prove it"
    timeout = 3600
    undo_note = "The copy is removed."

    def do(self, ctx: Context) -> Outcome:
        successor = successor_of(ctx)
        facts = successor.ready(work_of(ctx))
        return Done(facts.result, f"{bytes_text(facts.size)}; {successor.check}: ok.")

    def undo(self, ctx: Context) -> Outcome:
        successor_of(ctx).end(work_of(ctx))
        return Done(output="The copy was removed.")


class CompareDowngraded(StepKind):
    """With the older release running on it, the database still has every row that came out of the way back."""

    key = "schema.compare"
    title = "Compare the rows with before"
    phase: ClassVar[str] = Phase.VALIDATE

    def do(self, ctx: Context) -> Outcome:
        before, found = ctx.fact(StageDowngraded.key, "row_counts", {}), database_of(ctx).row_counts()
        core = {table: count for table, count in before.items() if table in ctx.environment.core_tables}
        lost = missing(core, found, [])
        if lost:
            raise OpsError(f"Rows are missing after the way back: {'; '.join(lost)}.")
        headline = f"Rolled back to {ctx.params['version']}, schema {database_of(ctx).revision()}; no row was lost."
        if ctx.params.get("drops"):
            headline = headline.replace("no row was lost", f"gone with the schema: {', '.join(ctx.params['drops'])}")
        return Done({"row_counts": found, "headline": headline}, headline)


class EndTrial(StepKind):
    """Removes the copies."""

    key = "schema.end"
    title = "Remove the copies"
    essential = False
    undo_note = "None: nothing of them is worth keeping."

    def do(self, ctx: Context) -> Outcome:
        trial_of(ctx).end()
        return ScratchStep().undo(ctx)
