"""The buttons that start SMS again: as it is, made anew, with more memory or the old key, its schema upgraded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest

from deployments.services import rebuilds, restarts, upgrades
from smsops.admin.actions import DestructiveForm, Preview
from smsops.admin.planned import ExclusiveAction, PlannedAction
from smsops.models import Environment, Run
from smsops.runs import history
from smsops.runs.plan import By, Plan
from smsops.text import number_in


class Restart(ExclusiveAction, PlannedAction):
    """The same instance, started again."""

    name, label, tone = "restart", "Restart…", "danger"
    permission = "smsops.restart_environment"
    form = DestructiveForm

    def plan(self, target: Environment) -> Plan:
        return restarts.plan_restart(target)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return restarts.restart(target, by)


class Recreate(Restart):
    """Another instance from the same image."""

    name, label = "recreate", "Make anew…"

    def plan(self, target: Environment) -> Plan:
        return restarts.plan_recreate(target)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return restarts.recreate(target, by)


class MemoryForm(DestructiveForm):
    """Asks how much."""

    prefilled = ("memory_mb",)
    memory_mb = forms.IntegerField(label="Memory (MB)", min_value=64, max_value=restarts.MOST_MB)
    field_order: Sequence[str] = ("memory_mb", "typed_name", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["memory_mb"].initial = self.place.memory_limit_mb * 2


class GiveMemory(ExclusiveAction):
    """Another instance, with a higher limit; the environment keeps it."""

    name, label, tone = "more-memory", "Give more memory…", "danger"
    permission = "smsops.restart_environment"
    form = MemoryForm

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        asked = number_in((request.POST or request.GET).get("memory_mb", ""), digits=7)
        wanted = target.memory_limit_mb * 2 if asked is None else asked
        plan = restarts.plan_memory(target, wanted)
        return Preview(plan.notes, plan)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return restarts.give_memory(target, cleaned["memory_mb"], by)


class PutKeyBack(ExclusiveAction, PlannedAction):
    """The SECRET_KEY that was known, back in the env file."""

    name, label, tone = "key-back", "Put SECRET_KEY back…", "danger"
    permission = "smsops.rotate_environment"
    form = DestructiveForm

    def refusal(self, target: Environment) -> str:
        return "" if target.env_file else "No env file is set, so there is no SECRET_KEY to put back."

    def plan(self, target: Environment) -> Plan:
        return restarts.plan_key_back(target)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return restarts.put_key_back(target, by)


class UpgradeSchema(ExclusiveAction, PlannedAction):
    """The running release migrates its database."""

    name, label, tone = "upgrade", "Upgrade the schema…", "danger"
    permission = "smsops.deploy_environment"
    form = DestructiveForm

    def plan(self, target: Environment) -> Plan:
        return upgrades.plan(target)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return upgrades.start(target, by)


class Rebuild(ExclusiveAction):
    """The running release's image, built without any cache, and SMS made from it. The engine is asked on going on."""

    name, label, tone = "rebuild", "Build anew…", "danger"
    permission = "smsops.deploy_environment"
    form = DestructiveForm

    def refusal(self, target: Environment) -> str:
        return "" if target.runtime == "docker" else "SMS runs natively here; there is no image to build."

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        return Preview((*rebuilds.NOTES, history.told(target, rebuilds.KIND)))

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return rebuilds.start(target, by)


BUTTONS = (Restart(), Recreate(), GiveMemory(), PutKeyBack(), UpgradeSchema(), Rebuild())
