"""Incidents in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import smart_split, unescape_string_literal

from backups.admin.moments import RestoreToMoment
from backups.services import following
from incidents.admin import clock, clocks, evidence, hiding, incident_head, incident_people, moves, timeline
from incidents.admin.reach import Discreet
from incidents.models import RESPONSE, Incident, Severity, SeverityRule, TimelineEntry
from incidents.services.roles import ROLES
from smsops.admin.base import RecordAdmin
from smsops.admin.buttons import Row
from smsops.admin.nothing import on_environments
from smsops.templatetags.smsops_ui import ago, badge, seconds

PEOPLE = ("acknowledged_by", *ROLES)


@admin.register(Incident)
class IncidentAdmin(Discreet, RecordAdmin):
    nothing = on_environments("No incident so far; one that smsops does not see is reported on an environment's page.")
    to_incident = ""
    list_display = ("level", "title", "status", "environment", "detected", "answered", "lasted", "people")
    list_display_links = ("title",)
    list_filter = ("state", "severity", "environment")
    presets = (
        ("Not over", "state__in=open,acknowledged,mitigated"),
        ("Nobody has it", "state__exact=open"),
        ("Critical", "severity__exact=critical"),
    )
    search_fields = ("title", "timeline__text")
    long_sorts = ("detected",)
    date_hierarchy = "detected_at"
    object_actions = (*moves.MOVES, *incident_people.PEOPLE, clocks.Correct(), *hiding.BUTTONS)
    in_bulk = ("acknowledge", "mitigate", "close")
    change_form_template = "admin/incidents/incident/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        minutes = SeverityRule.objects.filter(severity=OuterRef("severity")).values("response_minutes")[:1]
        found: QuerySet[Incident] = super().get_queryset(request).annotate(response_minutes=Subquery(minutes))
        return found.select_related("environment", "run", *PEOPLE)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Incident], search_term: str
    ) -> tuple[QuerySet[Incident], bool]:
        """Those with all the words, in the title or on the timeline, which is read once and not for each incident."""
        for word in smart_split(search_term):
            text = unescape_string_literal(word) if word[0] in "\"'" and word[0] == word[-1] and word[1:] else word
            said = TimelineEntry.objects.filter(text__icontains=text).values("incident")
            queryset = queryset.filter(Q(title__icontains=text) | Q(pk__in=said))
        return queryset, False

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
        context["head"] = incident_head.context(incident, request)
        context["timeline"] = timeline.context(incident, request)
        context["clocks"] = clocks.rows(incident)
        return super().render_change_form(request, context, *args, **kwargs)

    def evidence_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
        """One piece of evidence; one that is no longer what was taken is not shown."""
        if not self.get_queryset(request).filter(pk=pk).exists():
            raise Http404
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
    def status(self, incident: Incident) -> SafeString:
        flaps = ", flapping" if incident.flapping and incident.live else ""
        marks = [badge(incident.state, incident.get_state_display() + flaps)]
        if incident.contradicts:
            marks.append(badge("contradicted", "Contradicted"))
        if incident.private:
            marks.append(badge("private", "Private"))
        return format_html_join(" ", "{}", ((mark,) for mark in marks))

    @admin.display(description="Detected", ordering="detected_at")
    def detected(self, incident: Incident) -> str:
        return ago(incident.detected_at)

    @admin.display(description="Answered", ordering="acknowledged_at")
    def answered(self, incident: Incident) -> str:
        minutes = incident.response_minutes  # type: ignore[attr-defined]
        span = RESPONSE[Severity(incident.severity)] if minutes is None else timedelta(minutes=minutes)
        return incident_head.response(incident, incident.detected_at + span)

    @admin.display(description="Lasted")
    def lasted(self, incident: Incident) -> str:
        return seconds(incident.seconds)

    @admin.display(description="Who")
    def people(self, incident: Incident) -> SafeString | str:
        """Who has it, and who has which role."""
        rows = [(incident.acknowledged_by, "has it")] if incident.acknowledged_by else []
        rows += [
            (getattr(incident, role), title.lower()) for role, (title, _) in ROLES.items() if getattr(incident, role)
        ]
        return format_html_join("", '<div>{} <span class="quiet">{}</span></div>', rows) or "nobody"
