"""The steps in which the running release migrates the database it already has."""

from __future__ import annotations

from backups.steps.databases import database_of
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Outcome, StepKind
from smsops.runtimes.base import Command, Status

UPGRADE = "from alembic.config import main; main(argv=['upgrade', 'heads'])"
LAST_LINES = 40


class CreateUpgrade(StepKind):
    """Makes, without starting it, an instance of the release that will migrate instead of serving."""

    key = "upgrade.create"
    title = "Prepare the migration"
    phase = Phase.PREPARE
    undo_note = "It is ended and removed."

    def do(self, ctx: Context) -> Outcome:
        if ctx.runtime.inspect(name_of(ctx)) is None:
            ctx.guard()
            command = Command(("python", "-c", UPGRADE), "backend")
            ctx.runtime.create(name_of(ctx), ctx.params["image_id"], ctx.labels, command)
        return Done(output=f"{name_of(ctx)} is ready.")

    def undo(self, ctx: Context) -> Outcome:
        ctx.guard()
        ctx.runtime.stop(name_of(ctx), 1)
        ctx.runtime.remove(name_of(ctx))
        return Done(output="Nothing of it is left.")


class RunUpgrade(StepKind):
    """Lets it migrate, and looks at what came out. What it spoils is put back from the held copy."""

    key = "upgrade.run"
    title = "Migrate the database"
    timeout = 3600
    touches_sms = True
    undo_note = "The held copy of the database takes its place."

    def do(self, ctx: Context) -> Outcome:
        found = ctx.runtime.inspect(name_of(ctx))
        if found is None:
            raise OpsError("What was to migrate is gone.")
        if found.status is Status.CREATED:
            ctx.guard()
            ctx.runtime.start(found.name)
            return Again(0.2, "It began.")
        if found.status is not Status.EXITED:
            return Again(0.3, f"{ctx.step.open_seconds:.0f} s")
        lines = [line.strip() for line in ctx.runtime.logs(found.name, LAST_LINES).splitlines() if line.strip()]
        if found.exit_code:
            raise OpsError(f"The migration failed: {(lines or [f'exit code {found.exit_code}'])[-1][:300]}")
        at, wanted = database_of(ctx).revision(), ctx.params["heads"]
        if set(at.split(",")) != set(wanted.split(",")):
            raise OpsError(f"The database is at {at or 'no revision'} after it, and not at {wanted}.")
        ctx.runtime.remove(found.name)
        return Done({"schema_revision": at}, "\n".join([*lines[-10:], f"The database is at {at}."]))

    def undo(self, ctx: Context) -> Outcome:
        ctx.guard()
        ctx.runtime.stop(name_of(ctx), 1)  # what was spoiled, the step before puts back
        return Done(output="It does not run any more.")


def name_of(ctx: Context) -> str:
    """What it is called."""
    return f"{ctx.environment.instance}-upgrade-r{ctx.run.pk}"
