"""The steps of a switch. The commit point is a rename the engine refuses twice (design: how work runs, 5).

Order: create candidate, stop, put the old one aside, commit (candidate gets the name), start, gate. Undone in reverse:
the new one is stopped and loses the name, the old one gets it back and is started and waited for.
"""

from __future__ import annotations

from pathlib import Path

from smsops.errors import NameTaken, OpsError
from smsops.models import EdgeKind, Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Found, Outcome, Probe, StepKind
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import spec_of
from smsops.switch import names, ports, warm
from smsops.switch.gate import wait_until_good
from smsops.switch.service import live
from smsops.switch.standing import how_it_ended, pause, was_up


def mine(ctx: Context, instance: Instance | None) -> bool:
    """Whether the instance was made by this run."""
    return instance is not None and instance.labels.get("smsops.run") == str(ctx.run.pk)


class CreateCandidate(StepKind):
    """Creates the new instance from the image id in the run's parameters, or from the image the run built, without
    starting it."""

    key = "switch.create"
    title = "Create the new instance"
    phase = Phase.PREPARE
    undo_note = "The new instance is removed; its log is kept as evidence."

    def probe(self, ctx: Context) -> Probe:
        made = ctx.runtime.inspect(names.candidate(ctx))
        if made is not None and mine(ctx, made):
            return Probe(Found.DONE, {"name": made.name, "image_id": made.image_id}, "It had been created.")
        return Probe(Found.NOT_DONE)

    def do(self, ctx: Context) -> Outcome:
        name, image_id = names.candidate(ctx), ctx.params.get("image_id") or ctx.fact("release.build", "image_id")
        if ctx.environment.edge != EdgeKind.NONE and "port" not in ctx.memo:
            ctx.remember(port=ctx.fact("edge.hold", "port") or ports.choose(ctx.runtime))
        ctx.guard()
        made = ctx.runtime.create(name, image_id, ctx.labels, port=ctx.memo.get("port", 0))
        return Done({"name": name, "image_id": made.image_id}, f"Created {name} from {image_id[:19]}.")

    def undo(self, ctx: Context) -> Outcome:
        ctx.guard()
        ctx.runtime.remove(names.candidate(ctx))
        return Done(output="The new instance was removed.")


class StopService(StepKind):
    """Stops SMS. The engine does not start it again by itself after that."""

    key = "switch.stop"
    title = "Stop SMS"
    touches_sms = True
    undo_timeout = 600
    undo_note = "SMS is started again and waited for until it is healthy."

    def do(self, ctx: Context) -> Outcome:
        name = names.canonical(ctx)
        found = ctx.runtime.inspect(name)
        if found is None:
            return Done(output="No instance is running.", skipped=True)
        if "was_up" not in ctx.memo:
            ctx.remember(was_up=was_up(ctx, found))
        for other in warm.warm(ctx.environment, ctx.runtime):  # the data is another one's from here on
            ctx.guard()
            ctx.runtime.stop(other.name, ctx.environment.stop_seconds)
        ctx.guard()
        ctx.runtime.stop(name, ctx.environment.stop_seconds)
        code = getattr(ctx.runtime.inspect(name), "exit_code", None)
        hard, note = how_it_ended(bool(ctx.memo["was_up"]), code, ctx.environment.stop_seconds)
        return Done({"exit_code": code, "killed": hard}, note)

    def undo(self, ctx: Context) -> Outcome:
        name = names.canonical(ctx)
        if not ctx.memo.get("was_up") or ctx.runtime.inspect(name) is None:
            return Done(output="SMS had not been running.")
        ctx.guard()
        ctx.runtime.start(name)
        return wait_until_good(ctx, live(ctx), "SMS answers again.")

    def by_hand(self, ctx: Context) -> list[str]:
        return start_by_hand(ctx)


class PutAside(StepKind):
    """Takes the name away from the old instance; it stays, stopped."""

    key = "switch.aside"
    title = "Put the old instance aside"
    touches_sms = True
    undo_note = "The old instance gets its name back."

    def probe(self, ctx: Context) -> Probe:
        if ctx.runtime.inspect(names.previous(ctx)) is not None:
            return Probe(Found.DONE, {"name": names.previous(ctx)}, "It had been put aside.")
        return Probe(Found.NOT_DONE)

    def do(self, ctx: Context) -> Outcome:
        if ctx.runtime.inspect(names.canonical(ctx)) is None:
            return Done(output="There was no instance before.", skipped=True)
        ctx.guard()
        ctx.runtime.rename(names.canonical(ctx), names.previous(ctx))
        return Done({"name": names.previous(ctx)}, f"It is kept as {names.previous(ctx)}.")

    def undo(self, ctx: Context) -> Outcome:
        if ctx.runtime.inspect(names.previous(ctx)) is None:
            return Done(output="The old instance has its name.")
        ctx.guard()
        ctx.runtime.rename(names.previous(ctx), names.canonical(ctx))
        return Done(output="The old instance has its name back.")

    def by_hand(self, ctx: Context) -> list[str]:
        if ctx.environment.runtime != "docker":
            return []
        return [f"docker rename {names.previous(ctx)} {names.canonical(ctx)}", *start_by_hand(ctx)]


class CommitName(StepKind):
    """Gives the canonical name to the new instance: the commit point of a switch."""

    key = "switch.commit"
    title = "Give the new instance the name"
    touches_sms = True
    undo_note = "The new instance is renamed back."

    def probe(self, ctx: Context) -> Probe:
        if mine(ctx, ctx.runtime.inspect(names.canonical(ctx))):
            return Probe(Found.DONE, {"name": names.canonical(ctx)}, "It had the name already.")
        return Probe(Found.NOT_DONE)

    def do(self, ctx: Context) -> Outcome:
        ctx.guard()
        try:
            ctx.runtime.rename(names.candidate(ctx), names.canonical(ctx))
        except NameTaken as error:
            raise OpsError(f"Another instance took the name {names.canonical(ctx)} meanwhile.") from error
        return Done({"name": names.canonical(ctx)}, f"The new instance is {names.canonical(ctx)}.")

    def undo(self, ctx: Context) -> Outcome:
        if not mine(ctx, ctx.runtime.inspect(names.canonical(ctx))):
            return Done(output="The new instance does not have the name.")
        ctx.guard()
        ctx.runtime.rename(names.canonical(ctx), names.candidate(ctx))
        return Done(output="The new instance gave the name back.")

    def by_hand(self, ctx: Context) -> list[str]:
        if ctx.environment.runtime != "docker":
            return []
        return [f"docker rename {names.canonical(ctx)} {names.candidate(ctx)}"]


class StartService(StepKind):
    """Starts whatever has the canonical name."""

    key = "switch.start"
    title = "Start SMS"
    touches_sms = True
    undo_note = "The instance is stopped again."

    def do(self, ctx: Context) -> Outcome:
        ctx.guard()
        ctx.runtime.start(names.canonical(ctx))
        return Done(output="Started; the gate decides whether it works.")

    def undo(self, ctx: Context) -> Outcome:
        ctx.guard()
        ctx.runtime.stop(names.canonical(ctx), ctx.environment.stop_seconds)
        return Done(output="Stopped.")


class RetireOld(StepKind):
    """Removes the instances of earlier switches; the last one stays, stopped, for a quick way back."""

    key = "switch.retire"
    title = "Retire older instances"
    point_of_no_return = True
    essential = False
    undo_note = "None: from here on, going back is a rollback."

    def do(self, ctx: Context) -> Outcome:
        if (waiting := pause(ctx, live(ctx))) is not None:  # the last look before the verdict
            return waiting
        prefix = names.prefix_of_previous(ctx.environment)
        old = [found for found in ctx.runtime.instances() if found.name.startswith(prefix)]
        gone = [found.name for found in old if found.name != names.previous(ctx) and not found.up]
        for name in gone:
            ctx.guard()
            ctx.runtime.remove(name)
        return Done(output=f"Removed {', '.join(gone)}." if gone else "There was nothing to retire.")


def start_by_hand(ctx: Context) -> list[str]:
    """How a person starts SMS."""
    if ctx.environment.runtime == "docker":
        return [f"docker start {names.canonical(ctx)}", f"docker logs --tail 50 {names.canonical(ctx)}"]
    folder = Path(spec_of(ctx.environment).state_path) / names.canonical(ctx)
    return [f"python smsops/runtimes/supervisor.py {folder}", f"tail -n 50 {folder}/log"]
