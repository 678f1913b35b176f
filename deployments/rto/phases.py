"""How long each phase of a run took, by its steps (runbook §6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from smsops.models import Phase, Run, Step

FIRST_SIGN = "first_sign_at"  # the run's parameter: when the trouble it answers was first seen, in ISO form


@dataclass(frozen=True)
class Measured:
    """Seconds by phase. Together they are the whole: what passes between two steps counts to the later one."""

    phases: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.phases.values())


def first_sign(run: Run) -> datetime | None:
    """When the trouble the run answers was first seen, if whoever started it knew; never after the run's own start."""
    try:
        seen = datetime.fromisoformat(str(run.params.get(FIRST_SIGN, "")))
    except ValueError:
        return None
    known = seen.tzinfo is not None and run.started_at is not None and seen <= run.started_at
    return seen if known else None


def measure(run: Run, steps: Sequence[Step]) -> Measured:
    """The phases of a run that ended well, from the first sign (else from its own start) to the verdict."""
    found = dict.fromkeys(map(str, Phase.values), 0.0)
    if run.started_at is None or run.finished_at is None:
        return Measured(found)
    sign, at, phase = first_sign(run), run.started_at, str(Phase.VALIDATE)
    if sign is not None:
        found[Phase.DETECT] += (run.started_at - sign).total_seconds()
    for step in sorted(steps, key=lambda step: step.position):
        if step.finished_at is not None and step.finished_at > at:
            phase = step.phase
            found[phase] = found.get(phase, 0.0) + (step.finished_at - at).total_seconds()
            at = step.finished_at
    found[phase] += max(0.0, (run.finished_at - at).total_seconds())
    return Measured(found)
