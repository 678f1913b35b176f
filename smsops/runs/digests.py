"""What a plan is, as a digest: two plans with the same one do the same to the same environment, at the same risk."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from smsops.models import Run

if TYPE_CHECKING:
    from smsops.runs.plan import Plan

LONGEST = 60  # characters of a value that are worth telling


def of_plan(plan: Plan) -> str:
    """The digest of a plan."""
    steps = [[step.kind, step.params] for step in plan.steps]
    return _digest(plan.kind, plan.environment.pk, plan.params, steps, int(plan.risk))


def of_rows(run: Run, risk: int) -> str:
    """The digest of a plan that was written down: what a worker would do. What comes before it is not in it."""
    steps = [list(row) for row in run.steps.filter(position__gt=0).values_list("kind", "params")]
    return _digest(run.kind, run.environment_id, run.params, steps, risk)


def _digest(*parts: Any) -> str:
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def difference(run: Run, risk: int, plan: Plan) -> str:
    """What is other in a plan made now than in the one that was written down, as half a sentence."""
    told = [f"it would now be “{plan.title}”"] if plan.title != run.title else []
    told += _other(run.params, json.loads(json.dumps(plan.params)))
    if list(run.steps.filter(position__gt=0).values_list("kind", flat=True)) != [step.kind for step in plan.steps]:
        told.append("the steps are others")
    if plan.risk != risk:
        told.append(f"the risk is now: {plan.risk.label.lower()}")
    return ", ".join(told) or "the parameters of its steps are others"


def _other(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Numbers of rows and images say little; they are told only where nothing else is."""
    names = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    names = [name for name in names if not name.endswith("_id")] or names
    return [f"{name.replace('_', ' ')} was {_short(before.get(name))} and is {_short(now.get(name))}" for name in names]


def _short(value: Any) -> str:
    text = str(value) if value not in (None, "", [], {}) else "nothing"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
