"""The steps that start SMS again as it is, and that give it another memory limit."""

from __future__ import annotations

from smsops.errors import OpsError
from smsops.models import Environment, Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.switch import names
from smsops.switch.standing import how_it_ended, was_up


class StartAgain(StepKind):
    """Stops the instance, kills it where it does not end by itself, and starts it. Done twice it was started twice."""

    key = "restart.again"
    title = "Stop SMS and start it again"
    undo_note = "None: it is the same instance, and it is started."

    def do(self, ctx: Context) -> Outcome:
        name = names.canonical(ctx)
        found = ctx.runtime.inspect(name)
        if found is None:
            raise OpsError(f"There is no instance {name}.", fix="Deploy a release.")
        ctx.guard()
        ctx.runtime.stop(name, ctx.environment.stop_seconds)
        ended = ctx.runtime.inspect(name)
        ctx.guard()
        ctx.runtime.start(name)
        code = ended.exit_code if ended is not None else None
        _, note = how_it_ended(was_up(ctx, found), code, ctx.environment.stop_seconds)
        return Done({"exit_code": code}, f"{note} Started again.")


class WriteMemory(StepKind):
    """Gives the environment another memory limit, with which the instance is then made."""

    key = "memory.write"
    title = "Give the environment more memory"
    phase = Phase.PREPARE
    undo_note = "The environment has its old limit again."

    def do(self, ctx: Context) -> Outcome:
        if "before" not in ctx.memo:
            ctx.remember(before=ctx.environment.memory_limit_mb)
        ctx.guard()
        _write(ctx, ctx.params["memory_mb"])
        said = f"{ctx.params['memory_mb']} MB instead of {ctx.memo['before']} MB."
        return Done({"before": ctx.memo["before"], "after": ctx.params["memory_mb"]}, said)

    def undo(self, ctx: Context) -> Outcome:
        if "before" in ctx.memo:
            ctx.guard()
            _write(ctx, ctx.memo["before"])
        return Done(output="The limit is the old one.")


def _write(ctx: Context, limit: int) -> None:
    Environment.objects.filter(pk=ctx.environment.pk).update(memory_limit_mb=limit)
    ctx.environment.memory_limit_mb = limit
