"""The buttons that make images, and that remove old ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest

from deployments.models import Release
from deployments.services import archive, builds
from smsops.admin.actions import ActionForm, ObjectAction, Preview
from smsops.admin.planned import ExclusiveAction, PlannedAction
from smsops.models import Environment, Run
from smsops.runs import history
from smsops.runs.plan import By, Plan
from smsops.text import number_in


class Build(PlannedAction):
    """Builds the release's image from its tag."""

    name, label = "build", "Build…"
    permission = "smsops.deploy_environment"

    def plan(self, target: Release) -> Plan:
        return builds.plan_build(target, again=bool(target.image_id))

    def preview(self, target: Release, request: HttpRequest) -> Preview:
        plan = self.plan(target)
        wants = ("Say why: it has an image already.",) if plan.params["again"] else ()
        return Preview((*plan.notes, *wants), plan)

    def perform(self, target: Release, by: By, cleaned: dict[str, Any]) -> Run:
        return builds.build(target, by, again=bool(target.image_id))


class LoadForm(ActionForm):
    """Asks for the file."""

    file = forms.CharField(
        max_length=500,
        help_text="What “docker save” wrote: its whole path on the worker's machine.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    again = forms.BooleanField(
        label="Although the version has an image", required=False, help_text="That one is kept. Say why, then."
    )
    field_order: Sequence[str] = ("file", "again", "reason")


class Load(ObjectAction):
    """Loads a release's image out of a tar."""

    name, label = "load", "Load an image…"
    permission = "smsops.deploy_environment"
    form = LoadForm

    def obstacle(self, target: Environment) -> str:
        return "" if target.runtime == "docker" else "SMS runs natively here: releases are unpacked from their tags."

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        said = "The image gets the version its tag tells; none that is there is overwritten. SMS is not touched."
        return Preview((said, history.told(target, "load")))

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return builds.load(target, cleaned["file"].strip(), by, cleaned["again"])


class ArchiveForm(ActionForm):
    """Asks how many releases stay."""

    prefilled = ("keep",)
    keep = forms.IntegerField(label="Newest releases that stay", initial=archive.KEEP, min_value=1, max_value=1000)
    field_order: Sequence[str] = ("keep", "reason")


class Archive(ExclusiveAction):
    """Removes images of old releases that nobody needs."""

    name, label = "archive", "Archive old releases…"
    permission = "smsops.deploy_environment"
    form = ArchiveForm

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        asked = number_in((request.POST or request.GET).get("keep", ""))
        keep = asked if asked and asked <= 1000 else archive.KEEP
        found = archive.judge(target, keep)
        if all(each.why for each in found):  # no plan; the form stays, to ask for another number
            return Preview(("No image would go.", *(each.line for each in found)))
        plan = archive.plan(target, keep)
        return Preview(plan.notes, plan)

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Run:
        return archive.start(target, by, cleaned["keep"])
