"""How long runs of one kind took at an environment: what the next one is expected to take (runbook §6.2)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from smsops.models import Environment, Run, RunState
from smsops.text import seconds_text

RECENT = 50  # runs looked at: an installation changes


@dataclass(frozen=True)
class Estimate:
    """Seconds half and nine in ten of `count` past runs took at the most."""

    half: float
    most: float
    count: int

    @property
    def text(self) -> str:
        """`about 12 s, 30 s at the most (9 times)`."""
        if self.count == 1:
            return f"about {seconds_text(self.half)} (done once)"
        return f"about {seconds_text(self.half)}, hardly more than {seconds_text(self.most)} (done {self.count} times)"


def estimate(environment: Environment, kind: str, **params: object) -> Estimate | None:
    """What a run of that kind, with these parameters, is expected to take; None where none has succeeded yet."""
    wanted = {f"params__{name}": value for name, value in params.items()}
    runs = Run.objects.filter(environment=environment, kind=kind, state=RunState.SUCCEEDED, **wanted)
    return spread(run.seconds for run in runs.order_by("-finished_at")[:RECENT] if run.seconds is not None)


def told(environment: Environment, kind: str) -> str:
    """What a run of that kind takes there, in a sentence for whoever is about to ask for one."""
    known = estimate(environment, kind)
    return f"It takes {known.text}." if known else "It was never done here, so how long it takes is not known."


def spread(seconds: Iterable[float]) -> Estimate | None:
    """How the seconds that runs took lie; None where there are none."""
    taken = sorted(seconds)
    if not taken:
        return None
    return Estimate(_at(taken, 0.5), _at(taken, 0.9), len(taken))


def _at(taken: list[float], share: float) -> float:
    """The smallest of them that so large a share does not exceed."""
    return taken[max(0, math.ceil(len(taken) * share) - 1)]
