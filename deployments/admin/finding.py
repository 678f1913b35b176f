"""Audits and what they found, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from deployments.models import Finding, Release
from deployments.services import audits
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import Nothing
from smsops.admin.planned import PlannedAction
from smsops.models import Run
from smsops.runs.plan import By, Plan
from smsops.templatetags.smsops_ui import ago, badge

SHOWN = 100  # findings on the page of a run; the list has all


class Audit(PlannedAction):
    """Looks for known weaknesses and secrets in a release."""

    name, label = "audit", "Audit…"
    permission = "deployments.audit_release"

    def plan(self, target: Release) -> Plan:
        return audits.plan(target)

    def perform(self, target: Release, by: By, cleaned: dict[str, Any]) -> Run:
        return audits.start(target, by)


class Accept(ObjectAction):
    """Answers for a finding, with a reason."""

    name, label = "accept", "Accept…"
    permission = "deployments.accept_finding"
    form = ReasonedForm

    def obstacle(self, target: Finding) -> str:
        return f"It was accepted by {target.accepted_by}." if target.accepted_at else ""

    def preview(self, target: Finding, request: HttpRequest) -> Preview:
        return Preview(("The same finding counts as accepted in later audits of this environment, too.",))

    def perform(self, target: Finding, by: By, cleaned: dict[str, Any]) -> str:
        audits.accept(target, by)
        return "The finding is accepted."


@admin.register(Finding)
class FindingAdmin(RecordAdmin):
    nothing = Nothing(
        "Nothing was found yet: an audit of a release looks for known weaknesses.",
        "Releases",
        "deployments_release_changelist",
        "deployments.view_release",
    )
    list_display = ("place", "severe", "advisory", "fix", "what", "version", "environment", "found", "accepted")
    list_filter = ("environment", "severity", "tool", ("accepted_at", admin.EmptyFieldListFilter))
    list_select_related = ("environment",)
    presets = (
        ("Not accepted", "accepted_at__isempty=1"),
        ("Critical", "severity__exact=critical"),
    )
    search_fields = ("package", "advisory", "file", "what")
    long_sorts = ("found",)
    object_actions = (Accept(),)
    in_bulk = ("accept",)
    fields = (
        "environment", "version", "tool", "severe", "place", "file", "what", "advisory", "fix", "found", "run",
        "accepted", "accepted_reason",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        return super().get_queryset(request).select_related("environment", "run")

    @admin.display(description="Where")
    def place(self, found: Finding) -> str:
        return found.place

    @admin.display(description="Severity", ordering="severity")
    def severe(self, found: Finding) -> str:
        return badge(found.severity, found.get_severity_display())

    @admin.display(description="Found", ordering="found_at")
    def found(self, found: Finding) -> str:
        return ago(found.found_at)

    @admin.display(description="Accepted")
    def accepted(self, found: Finding) -> str:
        return f"by {found.accepted_by}" if found.accepted_at else "no"


def of_run(run: Run, request: HttpRequest) -> dict[str, Any]:
    """The findings of an audit, for those who may see them."""
    if not request.user.has_perm("deployments.view_finding"):
        return {}
    return {"findings": list(Finding.objects.filter(run=run)[:SHOWN])}
