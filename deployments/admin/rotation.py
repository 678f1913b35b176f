"""The button that gives SMS a new SECRET_KEY."""

from __future__ import annotations

from typing import Any

from deployments.services import rotations
from smsops.admin.actions import DestructiveForm
from smsops.admin.planned import ExclusiveAction, PlannedAction
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan


class RotateKey(ExclusiveAction, PlannedAction):
    """Ends every session, so it asks for the name and a reason."""

    name, label, tone = "rotate-key", "Rotate SECRET_KEY…", "danger"
    permission = "smsops.rotate_environment"
    form = DestructiveForm

    def refusal(self, target: Environment) -> str:
        return "" if target.env_file else "No env file is set, so there is no SECRET_KEY to change."

    def plan(self, target: Environment) -> Plan:
        return rotations.plan(target)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return rotations.start(target, by)
