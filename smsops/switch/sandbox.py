"""A second SMS on a copy of the data, in isolation: for restore tests, drills and rehearsals.

A step before puts a database into `data_of(ctx)`, or tells of one elsewhere (`tell`). The sandbox runs under a name of
its own, cut off from other networks where the engine can do that, and nobody but this machine reaches it. The real SMS
and its data are never touched.
"""

from __future__ import annotations

import json
import socket
from dataclasses import asdict
from pathlib import Path

from smsops.models import Phase
from smsops.runs import scratch
from smsops.runs.context import Context
from smsops.runs.kinds import Done, Found, Outcome, Probe, StepKind
from smsops.runtimes import registry
from smsops.runtimes.base import Runtime, Told
from smsops.switch.gate import wait_until_good
from smsops.switch.service import Service

START = "sandbox.start"


def name_of(ctx: Context) -> str:
    """The sandbox's name; the run's number keeps it apart."""
    return f"{ctx.environment.instance}-sandbox-r{ctx.run.pk}"


def data_of(ctx: Context) -> Path:
    """The folder with the sandbox's database."""
    return ctx.work_dir / "data"


def tell(ctx: Context, told: Told) -> None:
    """Note what SMS is told when it is started. Beside the copy, which is as secret: a run's rows show no password."""
    file = _told(ctx)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(told)))


def _told(ctx: Context) -> Path:
    return ctx.work_dir / "told.json"


def runtime_of(ctx: Context, port: int = 0) -> Runtime:
    """The runtime in which this run's sandbox lives."""
    file = _told(ctx)
    told = Told(**json.loads(file.read_text())) if file.exists() else Told()
    return registry.sandbox_for(ctx.environment, data_of(ctx), port or ctx.fact(START, "port", 0), told)


def service_of(ctx: Context) -> Service:
    """The started sandbox."""
    runtime = runtime_of(ctx)
    return Service(runtime, name_of(ctx), runtime.address(name_of(ctx)))


class StartSandbox(StepKind):
    """Starts the release in the run's parameters on the copy."""

    key = START
    title = "Start SMS on the copy, in isolation"
    undo_note = "The sandbox is stopped and removed."

    def probe(self, ctx: Context) -> Probe:
        found = runtime_of(ctx, ctx.memo.get("port", 0)).inspect(name_of(ctx))
        if found is not None and found.started_at is not None:
            return Probe(Found.DONE, self._result(ctx, found.version), "It had been started.")
        return Probe(Found.NOT_DONE)

    def do(self, ctx: Context) -> Outcome:
        if "port" not in ctx.memo:
            ctx.remember(port=ctx.fact(START, "port") or _free_port())
        runtime, name = runtime_of(ctx, ctx.memo["port"]), name_of(ctx)
        ctx.guard()
        found = runtime.inspect(name) or runtime.create(name, ctx.params["image_id"], _labels(ctx))
        runtime.start(name)
        return Done(self._result(ctx, found.version), f"SMS {found.version} was started as {name}.")

    @staticmethod
    def _result(ctx: Context, version: str) -> dict[str, object]:
        return {"port": ctx.memo.get("port", 0), "name": name_of(ctx), "version": version}

    def undo(self, ctx: Context) -> Outcome:
        remove(ctx)
        return Done(output="The sandbox was removed.")


class SandboxGate(StepKind):
    """Waits until the SMS in the sandbox is healthy and ready."""

    key = "sandbox.gate"
    title = "Wait until the SMS on the copy is healthy and ready"
    phase = Phase.VALIDATE
    timeout = 24 * 3600  # the environment's own gate time decides

    def do(self, ctx: Context) -> Outcome:
        return wait_until_good(ctx, service_of(ctx), "It is healthy and ready.")


class RemoveSandbox(StepKind):
    """Stops and removes the sandbox and its data."""

    key = "sandbox.remove"
    title = "Remove the sandbox"
    essential = False
    point_of_no_return = True
    undo_note = "None: nothing of it is worth keeping."

    def do(self, ctx: Context) -> Outcome:
        remove(ctx)
        scratch.clear(ctx)
        return Done(output="The sandbox and its data are gone.")


def remove(ctx: Context) -> None:
    """Stop and remove the sandbox, whatever became of it."""
    runtime = runtime_of(ctx, ctx.memo.get("port", 0))
    ctx.guard()
    runtime.stop(name_of(ctx), 5)
    runtime.remove(name_of(ctx))


def _labels(ctx: Context) -> dict[str, str]:
    return ctx.labels | {"smsops.environment": f"sandbox of {ctx.environment.name}"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
