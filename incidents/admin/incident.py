"""Incidents in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from backups.admin.moments import RestoreToMoment
from backups.services import following
from incidents.admin import clock, evidence
from incidents.models import INCIDENT_TABLE, Incident, IncidentState
from incidents.services import lifecycle
from smsops.admin.actions import ActionForm, ObjectAction, ReasonedForm
from smsops.admin.base import RecordAdmin
from smsops.admin.buttons import Row
from smsops.errors import WrongUse
from smsops.runs.plan import By
from smsops.templatetags.smsops_ui import ago, badge, seconds


class _Move(ObjectAction):
    """Moves an incident along its table."""

    form = ActionForm
    to: str

    def obstacle(self, target: Incident) -> str:
        if self.to in INCIDENT_TABLE[target.state]:
            return ""
        return f"It is {target.get_state_display().lower()}."

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        if by.user is None:
            raise WrongUse("Only a person can do that.")
        self.move(target, cleaned["reason"], by.user)
        return f"The incident is {target.get_state_display().lower()}."

    def move(self, incident: Incident, why: str, user: User) -> None:
        raise NotImplementedError


class Acknowledge(_Move):
    name, label, permission, to = (
        "acknowledge",
        "Acknowledge",
        "incidents.acknowledge_incident",
        IncidentState.ACKNOWLEDGED,
    )

    def move(self, incident: Incident, why: str, user: User) -> None:
        lifecycle.acknowledge(incident, user, why)


class Resolve(_Move):
    form = ReasonedForm
    name, label, permission, to = "resolve", "Resolve", "incidents.resolve_incident", IncidentState.RESOLVED

    def move(self, incident: Incident, why: str, user: User) -> None:
        lifecycle.resolve(incident, why, user)


class Close(_Move):
    form = ReasonedForm
    name, label, permission, to = "close", "Close", "incidents.resolve_incident", IncidentState.CLOSED

    def move(self, incident: Incident, why: str, user: User) -> None:
        lifecycle.close(incident, why, user)


class Reopen(_Move):
    form = ReasonedForm
    name, label, permission, to = "reopen", "Reopen", "incidents.resolve_incident", IncidentState.OPEN

    def move(self, incident: Incident, why: str, user: User) -> None:
        lifecycle.reopen(incident, why, user)


@admin.register(Incident)
class IncidentAdmin(RecordAdmin):
    list_display = ("level", "title", "status", "environment", "detected", "lasted", "acknowledged_by")
    list_display_links = ("title",)
    list_filter = ("state", "severity", "environment")
    list_select_related = ("environment", "acknowledged_by")
    search_fields = ("title", "timeline__text")
    date_hierarchy = "detected_at"
    object_actions = (Acknowledge(), Resolve(), Close(), Reopen())
    change_form_template = "admin/incidents/incident/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        return super().get_queryset(request).select_related("environment", "run", "acknowledged_by", "communications")

    def get_urls(self) -> list[URLPattern]:
        view, live = self.admin_site.admin_view(self.evidence_view), self.admin_site.admin_view(self.clock_view)
        return [
            path("<row:pk>/evidence/<str:name>/", view, name="incidents_incident_evidence"),
            path("<row:pk>/clock/", live, name="incidents_incident_clock"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        incident: Incident = kwargs["obj"]
        may = request.user.has_perm(RestoreToMoment.permission)
        context["rewindable"] = may and following.of(incident.environment) is not None
        return super().render_change_form(request, context, *args, **kwargs)

    def evidence_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
        """One piece of evidence; one that is no longer what was taken is not shown."""
        piece = evidence.find(pk, name)
        if not self.has_view_permission(request, piece.incident):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "title": piece.name, "original": piece.incident}
        return evidence.answer(request, piece, context)

    def clock_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The recovery clock as it is now."""
        incident = self.get_queryset(request).filter(pk=pk).first()
        if incident is None or not self.has_view_permission(request, incident):
            raise Http404
        return clock.live(incident, request)

    def buttons(self, request: HttpRequest, target: Any) -> Row:
        return super().buttons(request, target).usable()

    @admin.display(description="Severity", ordering="severity")
    def level(self, incident: Incident) -> str:
        return badge(incident.severity, incident.get_severity_display())

    @admin.display(description="State", ordering="state")
    def status(self, incident: Incident) -> str:
        return badge(incident.state, incident.get_state_display())

    @admin.display(description="Detected", ordering="detected_at")
    def detected(self, incident: Incident) -> str:
        return ago(incident.detected_at)

    @admin.display(description="Lasted")
    def lasted(self, incident: Incident) -> str:
        return seconds(incident.seconds)
