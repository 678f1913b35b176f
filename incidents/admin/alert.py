"""Alerts from elsewhere, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from incidents.admin.reach import Discreet
from incidents.models import Alert, AlertState, EntryKind
from incidents.services import aging, incidents
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import Nothing
from smsops.errors import WrongUse
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import ago, badge, moments


class Settle(ObjectAction):
    """Ends a stale alert, because a person looked and it is over."""

    name, label = "settle", "It is over…"
    permission = "incidents.resolve_incident"
    form = ReasonedForm

    def offered(self, target: Alert) -> bool:
        return target.state == AlertState.STALE

    def obstacle(self, target: Alert) -> str:
        return "" if target.state == AlertState.STALE else f"It is {target.get_state_display().lower()}."

    def preview(self, target: Alert, request: HttpRequest) -> Preview:
        return Preview(("Its sender tells of it no more. If it still fires and is sent again, it is a new alert.",))

    def perform(self, target: Alert, by: By, cleaned: dict[str, Any]) -> str:
        if target.incident is not None:
            said = f"{target.name} is over, although nobody has sent that: {by.reason}"
            incidents.note(target.incident, EntryKind.NOTE, said, author=by.name)
        if not aging.settle(target):
            raise WrongUse("It was heard of just now; look again.")
        return "The alert is over."


@admin.register(Alert)
class AlertAdmin(Discreet, RecordAdmin):
    nothing = Nothing(
        "Nobody has sent an alert yet: they come from alert sources.",
        "Alert sources",
        "incidents_alertsource_changelist",
        "incidents.view_alertsource",
    )
    list_display = ("name", "status", "level", "said", "source", "first", "last", "times", "why_quiet")
    list_filter = ("state", "severity", "source__environment", "source", ("quiet", admin.EmptyFieldListFilter))
    list_select_related = ("source",)
    presets = (
        ("Firing", "state__exact=firing"),
        ("Not heard of any more", "state__exact=stale"),
        ("Kept quiet", "quiet__isempty=0"),
    )
    search_fields = ("name", "text")
    long_sorts = ("last",)
    object_actions = (Settle(),)
    in_bulk = ("settle",)
    fields = (
        "name", "status", "level", "text", "named", "incident_link", "source", "link", "first", "last", "times",
        "over", "starts", "ends", "why_quiet", "truncated",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return super().get_queryset(request).select_related("source", "incident")

    @admin.display(description="State", ordering="state")
    def status(self, alert: Alert) -> str:
        return badge(alert.state, alert.get_state_display())

    @admin.display(description="Severity", ordering="severity")
    def level(self, alert: Alert) -> str:
        return badge(alert.severity, alert.severity.capitalize())

    @admin.display(description="What it says")
    def said(self, alert: Alert) -> str:
        return alert.text if len(alert.text) <= 120 else f"{alert.text[:119]}…"

    @admin.display(description="Labels")
    def named(self, alert: Alert) -> str:
        pairs = sorted(alert.labels.items())
        return format_html_join("", "<div><code>{}</code> {}</div>", pairs) or "none"

    @admin.display(description="Incident")
    def incident_link(self, alert: Alert) -> str:
        found = alert.incident
        return format_html('<a href="{}">{}</a>', found.get_absolute_url(), found) if found is not None else "none"

    @admin.display(description="Where it comes from")
    def link(self, alert: Alert) -> str:
        return format_html('<a href="{0}" rel="noreferrer">{0}</a>', alert.url) if alert.url else "not said"

    @admin.display(description="First heard", ordering="first_at")
    def first(self, alert: Alert) -> str:
        return ago(alert.first_at)

    @admin.display(description="Last heard", ordering="last_at")
    def last(self, alert: Alert) -> str:
        return ago(alert.last_at)

    @admin.display(description="Over")
    def over(self, alert: Alert) -> str:
        return ago(alert.resolved_at) if alert.resolved_at else "no"

    @admin.display(description="Quiet")
    def why_quiet(self, alert: Alert) -> str:
        return moments(alert.quiet) or "no"
