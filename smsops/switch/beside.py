"""The steps of a switch without a stop: the new instance is started beside the old one, on the same data, and takes
over when it is well. Only for releases that change neither schema nor rows when they start."""

from __future__ import annotations

from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Outcome, StepKind
from smsops.switch import names
from smsops.switch.gate import wait_until_good
from smsops.switch.service import Service

START = "switch.start_beside"


def candidate(ctx: Context) -> Service | None:
    """The new instance while it stands beside the old one; None before it was started and once it has the name."""
    name = names.candidate(ctx)
    if START not in ctx.facts or ctx.runtime.inspect(name) is None:
        return None
    return Service(ctx.runtime, name, ctx.runtime.address(name))


class StartBeside(StepKind):
    """Starts the new instance; nobody is sent there yet."""

    key = START
    title = "Start the new instance beside the old one"
    undo_note = "The new instance is stopped again; the old one served all the time."

    def do(self, ctx: Context) -> Outcome:
        ctx.guard()
        ctx.runtime.start(names.candidate(ctx))
        return Done({"name": names.candidate(ctx)}, "Started; the old one goes on serving.")

    def undo(self, ctx: Context) -> Outcome:
        ctx.guard()
        ctx.runtime.stop(names.candidate(ctx), ctx.environment.stop_seconds)
        return Done(output="Stopped.")


class GateBeside(StepKind):
    """Waits until the new instance is healthy and ready."""

    key = "switch.gate_beside"
    title = "Wait until the new instance is healthy and ready"
    phase = Phase.VALIDATE
    timeout = 24 * 3600  # the environment's own gate time decides

    def do(self, ctx: Context) -> Outcome:
        name = names.candidate(ctx)
        service = Service(ctx.runtime, name, ctx.runtime.address(name))
        outcome = wait_until_good(ctx, service, "It is healthy and ready.")
        if isinstance(outcome, Done):
            headline = f"SMS {ctx.params.get('version', '')} took over without a stop."
            return Done({**outcome.result, "headline": headline}, outcome.output)
        return outcome
