"""What a gate looks at: an SMS by its runtime, its name there, and its address."""

from __future__ import annotations

from dataclasses import dataclass

from smsops import health
from smsops.health import Health
from smsops.models import EdgeKind
from smsops.runs.context import Context
from smsops.runtimes.base import Instance, Runtime
from smsops.switch import names

LOG_LINES = 30


@dataclass(frozen=True)
class Service:
    """One SMS, the real one or one in a sandbox."""

    runtime: Runtime
    name: str
    base_url: str

    def inspect(self) -> Instance | None:
        return self.runtime.inspect(self.name)

    def health(self) -> Health:
        return health.look(self.base_url, timeout=3)

    def last_words(self) -> str:
        """The line of the log that most likely says why."""
        lines = self.runtime.logs(self.name, LOG_LINES).splitlines()
        telling = [line.strip() for line in lines if "Error" in line or "ERROR" in line or "EXCEPTION" in line]
        return f"Its log says: {telling[-1][:300]}" if telling else ""


def live(ctx: Context) -> Service:
    """The real SMS of the run's environment; behind an edge, at its own address: requests may be waiting for it."""
    name, url = names.canonical(ctx), ctx.environment.base_url
    if ctx.environment.edge != EdgeKind.NONE and ctx.runtime.inspect(name) is not None:
        url = ctx.runtime.address(name)
    return Service(ctx.runtime, name, url)
