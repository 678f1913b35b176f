"""The steps that lead requests during a switch behind an edge: they wait, or go to another instance; none is refused.

Requests that wait are let go by the edge itself, as soon as the instance they wait for calls itself ready.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smsops import health
from smsops.edge.base import Edge
from smsops.edge.registry import edge_for, last_edge
from smsops.errors import OpsError
from smsops.http import ask
from smsops.models import EdgeKind, Environment, Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Found, Outcome, Probe, StepKind
from smsops.runtimes.base import Instance
from smsops.switch import names, ports

HOLD, POINT, LEAVE = "edge.hold", "edge.point", "edge.leave"
LEAVING = 3.0  # seconds for requests that are under way before SMS is stopped; whoever takes longer is SMS's to end
CROWD = 16  # requests passed on at once, above which others may still wait for their turn
QUIET_LOOKS = 10  # in a row, a tenth of a second apart, before nobody waits any more
PUBLIC_PATIENCE = 10.0  # seconds until the public address answers


def around(environment: Environment, kinds: Sequence[str], running: Instance | None) -> list[str]:
    """The steps of a switch that stops SMS, with those that lead requests meanwhile where there is an edge; `running`
    is what runs before it."""
    found, own = list(kinds), behind(environment, running)
    if environment.edge == EdgeKind.NONE:
        if own:
            found.insert(found.index("switch.start"), LEAVE)
        return found
    if own:
        found.insert(found.index("switch.stop"), HOLD)
    # The edge lets go by itself those who wait; until they are served, SMS has no time for the checks. Where nobody
    # waits, the public port is free only once what had it is gone.
    found.insert(found.index("switch.gate") + 1, POINT)
    return found


def behind(environment: Environment, running: Instance | None) -> bool:
    """Whether an instance has a port of its own, and is reached through an edge."""
    return running is not None and running.port not in (0, environment.host_port)


@dataclass(frozen=True)
class Ports:
    """The ports of the instances of a switch; None where there is no such instance."""

    old: int | None
    new: int | None

    @staticmethod
    def of(ctx: Context) -> Ports:
        seen = {found.name: found for found in ctx.runtime.instances()}
        here, before = seen.get(names.canonical(ctx)), seen.get(names.previous(ctx))
        new = seen.get(names.candidate(ctx))
        if new is None and before is not None:
            return Ports(before.port, here.port if here else None)
        return Ports(here.port if here else None, new.port if new else here.port if here else None)


class HoldTraffic(StepKind):
    """Lets new requests wait for the new instance; those under way end in the old one."""

    key = HOLD
    title = "Let requests wait"
    phase = Phase.PREPARE
    touches_sms = True
    undo_note = "Requests go to the old instance again."

    def probe(self, ctx: Context) -> Probe:
        edge, wanted = _edge(ctx), ctx.memo.get("new")
        if wanted is not None and edge.holding() and edge.pointed() == wanted:
            return Probe(Found.DONE, {"port": wanted}, "They waited already.")
        return Probe(Found.NOT_DONE)

    def do(self, ctx: Context) -> Outcome:
        edge = _edge(ctx)
        if "old" not in ctx.memo:
            ctx.remember(old=edge.pointed() or Ports.of(ctx).old, new=self._awaited(ctx))
        new = ctx.memo["new"]
        patience = ctx.environment.stop_seconds + ctx.environment.gate_seconds + 120
        if not (edge.holding() and edge.pointed() == new):
            ctx.guard()
            edge.hold(new, patience, leaving=ctx.memo["old"])
        if not self._left(ctx, edge) and ctx.step.open_seconds < LEAVING:
            return Again(0.02, "Those under way end in the old instance.")
        return Done({"port": new}, f"From now on they wait, up to {patience} s each, until SMS is ready.")

    @staticmethod
    def _left(ctx: Context, edge: Edge) -> bool:
        """Whether nobody is under way in the old instance, seen twice: what the edge has only just accepted is not
        counted yet."""
        old, seen = ctx.memo["old"], int(ctx.memo.get("left", 0))
        if old is None or old == ctx.memo["new"]:
            return True
        ctx.remember(left=0 if edge.under_way(old) else seen + 1)
        return int(ctx.memo["left"]) >= 2

    @staticmethod
    def _awaited(ctx: Context) -> int:
        """The port of the new instance; where that is made later, the one it is going to get."""
        made = ctx.runtime.inspect(names.candidate(ctx))
        return made.port if made is not None else ports.choose(ctx.runtime)

    def undo(self, ctx: Context) -> Outcome:
        return lead_back(ctx)


class PointTraffic(StepKind):
    """Sends requests to the new instance, and asks it once the way its users do."""

    key = POINT
    title = "Send requests to the new instance"
    phase = Phase.EXECUTE
    touches_sms = True
    undo_note = "Requests go to the old instance again, as soon as it is ready."

    def do(self, ctx: Context) -> Outcome:
        edge, port = _edge(ctx), self.port(ctx)
        if port is None:
            raise OpsError("There is no instance to send requests to.")
        if edge.holding() or edge.pointed() != port:
            if edge.holding() and self._waits(ctx, edge, port):
                return Again(0.1, "Requests that waited are let go.")
            if "old" not in ctx.memo:
                ctx.remember(old=edge.pointed())
            ctx.guard()
            edge.point(port)
        return self._ask(ctx, port)

    def port(self, ctx: Context) -> int | None:
        """Where they are sent."""
        return Ports.of(ctx).new

    @staticmethod
    def _waits(ctx: Context, edge: Edge, port: int) -> bool:
        """Whether some may still wait: whoever does would be lost with the configuration it waits in."""
        quiet = 0 if edge.under_way(port) > CROWD else int(ctx.memo.get("quiet", 0)) + 1
        ctx.remember(quiet=quiet)
        return quiet < QUIET_LOOKS

    @staticmethod
    def _ask(ctx: Context, port: int) -> Outcome:
        url = ctx.environment.base_url
        answer = ask(url, health.LIVE, timeout=5)
        if answer.ok:
            return Done({"port": port}, f"SMS answers at {url}, through the edge.")
        if ctx.step.open_seconds > PUBLIC_PATIENCE:
            raise OpsError(
                f"The edge sends requests to SMS, but {url} does not answer: {answer.describe()}.",
                fix="Is that the address the edge listens on?",
            )
        return Again(0.1, answer.describe())

    def undo(self, ctx: Context) -> Outcome:
        return lead_back(ctx)


class LeaveEdge(StepKind):
    """Takes the public port from the edge, for an SMS that has it itself from now on."""

    key = LEAVE
    title = "Take the public port from the edge"
    touches_sms = True
    undo_note = "The edge gets the port back and sends requests to the old instance."

    def do(self, ctx: Context) -> Outcome:
        edge = last_edge(ctx.environment)
        if "old" not in ctx.memo:
            ctx.remember(old=edge.pointed())
        ctx.guard()
        edge.forget()
        return Done(output="The port is free.")

    def undo(self, ctx: Context) -> Outcome:
        return lead_back(ctx)


def lead_back(ctx: Context) -> Outcome:
    """Requests go where they went before: at once where that instance runs, else once it is ready. Where none did, the
    public port is given up."""
    if "old" not in ctx.memo:
        return Done(output="The edge had not been told anything yet.")
    edge, old = last_edge(ctx.environment), ctx.memo["old"]
    ctx.guard()
    if old is None:
        edge.forget()
        return Done(output="The edge does not serve this SMS.")
    up = any(found.up and found.port == old for found in ctx.runtime.instances())
    if up:
        edge.point(old)
    elif not (edge.holding() and edge.pointed() == old):
        edge.hold(old, ctx.environment.gate_seconds + 120)
    return Done(output=f"Requests go to port {old} again{'' if up else ', once SMS is ready there'}.")


def _edge(ctx: Context) -> Edge:
    edge = edge_for(ctx.environment)
    if edge is None:
        raise OpsError(f"{ctx.environment.name} has no edge any more.", fix="Plan it again.")
    return edge
