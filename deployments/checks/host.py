"""The machine SMS is about to run on: its port, its clocks, and how SMS stopped the last time (runbook §1, §4.1)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from deployments.checks.base import PRECONDITIONS, Check, Result, Target
from deployments.checks.clocks import fix_of, offset_text, verdict_of
from deployments.checks.registry import register
from smsops.models import EdgeKind, Step, StepState
from smsops.runtimes import ports
from smsops.text import seconds_text

CLEAN_STOP = 15.0  # seconds, runbook §4.1


@register
class PortFree(Check):
    key, title, section, stages, order = "port", "Port", "§1", (PRECONDITIONS,), 90

    def run(self, target: Target) -> Result:
        port, found = target.environment.host_port, target.instance
        if found is not None and found.up:
            return self.passed(f"{port} is SMS's own.")
        if target.environment.edge != EdgeKind.NONE:
            return self.passed(f"{port} is the edge's.")
        if ports.listened_to(port):
            return self.failed(f"Port {port} is in use by another program.", "End it or choose another port.")
        return self.passed(f"{port} is free.")


@register
class EngineClock(Check):
    """Times of containers, their logs and their events are the engine's."""

    key, title, section, stages, order = "engine_clock", "Engine's clock", "§1", (PRECONDITIONS,), 110

    def run(self, target: Target) -> Result:
        began = time.monotonic()
        theirs = target.runtime.now()
        if theirs is None:
            return self.warned("The engine does not tell its time.")
        took = timedelta(seconds=time.monotonic() - began)
        off = theirs - (datetime.now(UTC) - took / 2)
        said = f"The engine's clock is {offset_text(off)} this machine's."
        return self.judged(verdict_of(off, took / 2), said, fix_of(off))


@register
class EngineRestart(Check):
    """An engine that is upgraded, restarted or killed takes SMS with it, and one that was killed leaves it stopped."""

    key, title, section, stages, order = "engine_restart", "Engine's restart", "§1", (PRECONDITIONS,), 115

    def run(self, target: Target) -> Result:
        if target.runtime.outlived():
            return self.passed("SMS goes on while the engine is restarted.")
        fix = 'Put "live-restore": true into /etc/docker/daemon.json, then: systemctl reload docker'
        return self.warned("SMS is stopped whenever the engine is restarted.", fix)


@register
class StopTime(Check):
    """An SMS that has to be killed costs its whole grace at every stop, and is cut off in the middle of its work."""

    key, title, section, stages, order = "stop_time", "Stop", "§4.1", (PRECONDITIONS,), 120

    def run(self, target: Target) -> Result:
        environment = target.environment
        stops = Step.objects.filter(run__environment=environment, kind="switch.stop", state=StepState.DONE)
        last = stops.filter(result__has_key="killed").order_by("-finished_at").first()
        if last is None:
            return self.skipped("smsops has not stopped SMS here yet.")
        took, grace = seconds_text(last.work_seconds), environment.stop_seconds
        if last.result["killed"]:
            said = f"SMS had to be killed at its last stop (run {last.run_id}): every stop costs {took}."
            return self.warned(said, f"Look why it does not end within its {grace} s; see the end of its log.")
        if last.work_seconds > CLEAN_STOP:
            return self.warned(f"SMS took {took} to end at its last stop; the runbook expects {CLEAN_STOP:.0f} s.")
        return self.passed(f"SMS ended by itself within {took} at its last stop.")
