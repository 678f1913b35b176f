"""The instant way back: the release before still runs, and only has to be sent the requests again (D5)."""

from __future__ import annotations

from smsops import health
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Found, Outcome, Probe, StepKind
from smsops.runtimes.base import Instance, Runtime
from smsops.switch import names
from smsops.switch.traffic import PointTraffic

LEAD, EXCHANGE, COOL = "warm.lead", "warm.exchange", "warm.cool"


def warm(environment: Environment, runtime: Runtime) -> list[Instance]:
    """Instances that still run though another has the name, the latest first."""
    prefix = names.prefix_of_previous(environment)
    found = [each for each in runtime.instances() if each.name.startswith(prefix) and each.up]
    return sorted(found, key=lambda each: int(each.name.removeprefix(prefix)), reverse=True)


class LeadToWarm(PointTraffic):
    """Sends requests to the old instance, once it has said that it is well. The names follow afterwards: whoever waits
    for the way back waits for the requests alone."""

    key = LEAD
    title = "Send requests to the release that is kept warm"

    def do(self, ctx: Context) -> Outcome:
        if "old" not in ctx.memo:
            self._ask_first(ctx, ctx.params["warm"])
        return super().do(ctx)

    def port(self, ctx: Context) -> int | None:
        kept = ctx.runtime.inspect(ctx.params["warm"])
        return kept.port if kept is not None else None

    @staticmethod
    def _ask_first(ctx: Context, name: str) -> None:
        if ctx.runtime.inspect(name) is None:
            raise OpsError("The release before is not kept warm any more.", fix="Roll back again, from its image.")
        seen = health.look(ctx.runtime.address(name), timeout=3)
        if not seen.good:
            raise OpsError(
                f"The release that was kept warm is not well: {seen.detail}.", fix="Roll back from its image."
            )


class ExchangeNames(StepKind):
    """The warm instance gets its name back; the other one keeps running under a name of this run."""

    key = EXCHANGE
    title = "Give the old instance its name back"
    touches_sms = True
    undo_note = "The names are exchanged back."

    def probe(self, ctx: Context) -> Probe:
        found = ctx.runtime.inspect(names.canonical(ctx))
        if found is not None and found.id == ctx.memo.get("warm_id"):
            return Probe(Found.DONE, {}, "It had its name.")
        return Probe(Found.NOT_DONE)

    def do(self, ctx: Context) -> Outcome:
        runtime, here, aside = ctx.runtime, names.canonical(ctx), names.previous(ctx)
        back = runtime.inspect(ctx.params["warm"])
        if back is None:
            raise OpsError("The release that was kept warm is gone.")
        ctx.remember(warm_id=back.id)
        if runtime.inspect(aside) is None:
            ctx.guard()
            runtime.rename(here, aside)
        ctx.guard()
        runtime.rename(ctx.params["warm"], here)
        headline = f"SMS {ctx.params.get('version', '')} answers again, at once; nobody was refused."
        return Done({"headline": headline}, f"{back.version} is {here}.")

    def undo(self, ctx: Context) -> Outcome:
        runtime, here, aside = ctx.runtime, names.canonical(ctx), names.previous(ctx)
        found = runtime.inspect(here)
        if found is not None and found.id == ctx.memo.get("warm_id"):
            ctx.guard()
            runtime.rename(here, ctx.params["warm"])
        if runtime.inspect(here) is None and runtime.inspect(aside) is not None:
            ctx.guard()
            runtime.rename(aside, here)
        return Done(output="The names are as they were.")


class CoolDown(StepKind):
    """Stops instances that were kept warm; they stay, stopped, for a way back that takes a start."""

    key = COOL
    title = "Stop what is not needed warm"
    essential = False
    point_of_no_return = True
    undo_note = "None: going back there takes a start from now on."

    def do(self, ctx: Context) -> Outcome:
        gone = warm(ctx.environment, ctx.runtime)
        for found in gone:
            ctx.guard()
            ctx.runtime.stop(found.name, ctx.environment.stop_seconds)
        return Done(output=f"Stopped {', '.join(each.name for each in gone)}." if gone else "Nothing was warm.")
