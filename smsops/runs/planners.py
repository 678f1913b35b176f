"""Plans made anew from what was asked for: whether a run is still what it was when somebody asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from smsops.errors import WrongUse
from smsops.models import Approval, Environment, Run
from smsops.runs import digests
from smsops.runtimes.registry import runtime_for

if TYPE_CHECKING:
    from smsops.runs.plan import Plan

Planner = Callable[[Environment, dict[str, Any]], "Plan"]
_PLANNERS: dict[str, Planner] = {}


def add(planners: Mapping[str, Planner]) -> None:
    """Let each make plans of its kind from a plan's `asked`. It raises WrongUse where there is none any more."""
    _PLANNERS.update(planners)


def changes(approval: Approval) -> str:
    """What is other now than when the run was asked for, in half a sentence; empty when nothing is.

    Looking changes nothing. Raises OpsError when it cannot be told now, as while the engine is away.
    """
    run = approval.run
    if digests.of_rows(run, approval.risk) != approval.digest:
        return "its rows are not those that were written when it was asked for"
    planner = _PLANNERS.get(run.kind)
    if planner is None:
        return _release_changed(run)
    try:
        plan = planner(run.environment, approval.asked)
    except WrongUse as error:
        return f"it cannot be done any more. {error}"
    return "" if digests.of_plan(plan) == approval.digest else digests.difference(run, approval.risk, plan)


def _release_changed(run: Run) -> str:
    """Where nobody can make the plan anew: whether the release it names as the running one still is."""
    if "old_image_id" not in run.params:
        return ""
    running = runtime_for(run.environment).inspect(run.environment.instance)
    here = running.image_id if running else ""
    return "" if here == run.params["old_image_id"] else "another release runs now"
