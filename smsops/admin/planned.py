"""Buttons whose work is a run: the plan is shown first, and one exclusive run at a time is let through."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from smsops.admin.actions import ObjectAction, Preview
from smsops.runs.plan import Plan, active_exclusive, busy


class ExclusiveAction(ObjectAction):
    """A button that waits while another exclusive run is under way in the object's environment."""

    def refusal(self, target: Any) -> str:
        """Why this object is not fit for it, whatever else goes on; empty when it is."""
        return ""

    def obstacle(self, target: Any) -> str:
        if said := self.refusal(target):
            return said
        other = active_exclusive(getattr(target, "environment", target))
        return busy(other) if other else ""


class PlannedAction(ObjectAction):
    """A button that shows the plan of its run."""

    def plan(self, target: Any) -> Plan:
        """The plan the run would have. May raise OpsError, which is then the obstacle."""
        raise NotImplementedError

    def preview(self, target: Any, request: HttpRequest) -> Preview:
        plan = self.plan(target)
        return Preview(plan.notes, plan)
