"""The two buttons that make an incident private, and show it to everybody again."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from incidents.admin.postmortem_actions import person
from incidents.models import Incident
from incidents.privacy import PERMISSION
from incidents.services import hiding
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.runs.plan import By


class Hide(ObjectAction):
    name, label, permission, form = "hide", "Make private…", PERMISSION, ReasonedForm

    def offered(self, target: Incident) -> bool:
        return not target.private

    def obstacle(self, target: Incident) -> str:
        return "It is private already." if target.private else ""

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview((
            "Only those see it who may see private incidents: with its alerts, evidence, post-mortem and action items.",
            "Messages that went out before cannot be taken back; those that wait say no more than that there is one.",
        ))  # fmt: skip

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        hiding.hide(target, person(by), by.reason)
        return "It is private."


class Show(ObjectAction):
    name, label, permission, form = "show", "Show to everybody…", PERMISSION, ReasonedForm

    def offered(self, target: Incident) -> bool:
        return target.private

    def obstacle(self, target: Incident) -> str:
        return "" if target.private else "It is not private."

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview(("Everybody who may see incidents sees all of it, also what was written while it was private.",))

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        hiding.show(target, person(by), by.reason)
        return "Everybody who may see incidents sees it."


BUTTONS = (Hide(), Show())
