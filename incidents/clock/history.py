"""How long each response took here, read at once: what the next one is expected to take, and what was expected then."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from deployments.rto.words import span_text
from incidents.clock.known import Kind
from incidents.responses.known import RESPONSES, of_run
from smsops.models import Environment, Phase, Run, RunState
from smsops.runs.history import RECENT, Estimate, spread
from smsops.text import seconds_text

READ = 400  # the newest runs, of all responses together
FEW = 5  # fewer are little to go by
RUNS = frozenset(kind for response in RESPONSES.values() for kind in response.runs)
AFTER_NOTICE = (Phase.PREPARE, Phase.EXECUTE, Phase.VALIDATE)


@dataclass(frozen=True)
class Expected:
    """Seconds, in half and in nine of ten cases, by `count` past runs; by none: by the runbook or the way's bounds."""

    half: float
    most: float
    count: int
    text: str


class History:
    """The responses that succeeded at an environment; one question to the database."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        done = Run.objects.filter(environment=environment, kind__in=RUNS, state=RunState.SUCCEEDED)
        done = done.filter(started_at__isnull=False, finished_at__isnull=False)
        self.taken: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
        for run in done.only("kind", "params", "started_at", "finished_at").order_by("-finished_at")[:READ]:
            response = of_run(run)
            if response is not None and run.finished_at is not None and run.seconds is not None:
                self.taken[response.key].append((run.finished_at, run.seconds))

    def estimate(self, key: str, before: datetime | None = None) -> Estimate | None:
        """By the runs that had ended by then; None where there were none."""
        known = [seconds for at, seconds in self.taken.get(key, []) if before is None or at <= before]
        return spread(known[:RECENT])

    def expected(self, kind: Kind, before: datetime | None = None) -> Expected:
        """What it will take, with words that say how much is known."""
        found = self.estimate(kind.key, before)
        if found is not None:
            return Expected(found.half, found.most, found.count, told(found))
        if kind.scenario is not None:
            low, high = (sum(kind.scenario.expected[phase][end] for phase in AFTER_NOTICE) for end in (0, 1))
            return Expected(low * 60, high * 60, 0, f"never done here; the runbook expects {span_text((low, high))}")
        bound = self.environment.stop_seconds + self.environment.gate_seconds + self.environment.steady_seconds
        return Expected(bound, bound, 0, f"never done here; at most {seconds_text(bound)} by its own time limits")


def told(found: Estimate) -> str:
    """An estimate, that is honest where it rests on little."""
    if found.count == 1:
        return f"took {seconds_text(found.half)} the only time it was done here"
    if found.count < FEW:
        return found.text.replace("(done ", "(done only ")
    return found.text
