"""Post-mortems in the admin: what was measured, what people say, the review, the versions, the exports."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone

from incidents.admin.after import items_of
from incidents.admin.postmortem_actions import BUTTONS
from incidents.admin.reach import OfIncident
from incidents.documents import markdown, pdf
from incidents.models import MEASURING, PostMortem, PostMortemVersion
from incidents.postmortems import reading, sections, words
from smsops import html
from smsops.admin.base import RecordAdmin
from smsops.admin.buttons import Row
from smsops.admin.nothing import Nothing
from smsops.admin.saying import said
from smsops.audit import record
from smsops.differences import between
from smsops.errors import OpsError
from smsops.models.audit import Sort
from smsops.templatetags.smsops_ui import badge


class DueFilter(admin.SimpleListFilter):
    """What should have been approved by now."""

    title, parameter_name = "due", "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "Overdue"), ("mine", "Mine")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PostMortem]) -> QuerySet[PostMortem]:
        if self.value() == "mine":
            return queryset.filter(owner=request.user.pk)
        if self.value() == "overdue":
            return queryset.filter(state__in=MEASURING, due_at__lt=timezone.now())
        return queryset


@admin.register(PostMortem)
class PostMortemAdmin(OfIncident, RecordAdmin):
    nothing = Nothing(
        "No post-mortem yet: one is drafted when a bad incident is over.",
        "Incidents",
        "incidents_incident_changelist",
        "incidents.view_incident",
    )
    list_display = ("status", "what", "environment", "severity", "due", "owner")
    list_display_links = ("what",)
    list_filter = ("state", DueFilter, "incident__severity", "incident__environment", "incident__drill")
    presets = (
        ("Drafts", "state__exact=draft"),
        ("In review", "state__exact=in_review"),
        ("Published", "state__exact=published"),
    )
    search_fields = ("incident__title", "searchable")
    object_actions = BUTTONS
    change_form_template = "admin/incidents/postmortem/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PostMortem]:
        return super().get_queryset(request).select_related("approved_by", "submitted_by")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<row:pk>/export.<slug:form>", view(self.export_view), name="incidents_postmortem_export"),
            path("<row:pk>/versions/<row:version>/", view(self.version_view), name="incidents_postmortem_version"),
            *super().get_urls(),
        ]

    def buttons(self, request: HttpRequest, target: Any) -> Row:
        return super().buttons(request, target).usable()

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        postmortem: PostMortem = kwargs["obj"]
        told = sections.told(postmortem.texts)
        context |= {
            "about": words.about(postmortem.measured),
            "status": reading.status(postmortem),
            "told": [{"title": each.title, "hint": each.hint, "html": html.of_text(each.text)} for each in told],
            "parts": words.parts(postmortem.measured),
            "items": items_of(postmortem.incident),
            "checklist": [sections.CHECKLIST[key] for key in postmortem.checklist if key in sections.CHECKLIST],
            "versions": list(postmortem.versions.defer("texts", "measured")[:50]),
            "may_add": request.user.has_perm("incidents.add_actionitem"),
            "sees_items": request.user.has_perm("incidents.view_actionitem"),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def export_view(self, request: HttpRequest, pk: int, form: str) -> HttpResponse:
        """The whole document as a file."""
        postmortem = self._seen(request, pk)
        if form not in ("md", "pdf"):
            raise Http404
        document = reading.document(postmortem)
        name, text = f"post-mortem-{postmortem.incident_id}.{form}", markdown.of(document)
        record("postmortem.export", postmortem, sort=Sort.TAKEN, given={"form": form})
        return as_file(name, document.title, text)

    def version_view(self, request: HttpRequest, pk: int, version: int) -> HttpResponse:
        """What people had written at one moment."""
        postmortem = self._seen(request, pk)
        found = get_object_or_404(postmortem.versions, pk=version)
        told = sections.told(found.texts, empty=False)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Version {found.number}",
            "original": postmortem,
            "opts": self.opts,
            "version": found,
            "told": [{"title": each.title, "html": html.of_text(each.text)} for each in told],
            "parts": words.parts(found.measured or {}),
            "changed": _changed(postmortem, found),
        }
        return render(request, "admin/incidents/postmortem/version.html", context)

    def _seen(self, request: HttpRequest, pk: int) -> PostMortem:
        found = self.get_queryset(request).filter(pk=pk).first()
        if found is None or not self.has_view_permission(request, found):
            raise Http404
        return found

    @admin.display(description="State", ordering="state")
    def status(self, postmortem: PostMortem) -> str:
        return badge(postmortem.state, postmortem.get_state_display())

    @admin.display(description="Incident", ordering="incident__title")
    def what(self, postmortem: PostMortem) -> str:
        drill = "Drill: " if postmortem.incident.drill else ""
        return f"{drill}{postmortem.incident.title} ({postmortem.incident_id})"

    @admin.display(description="Environment", ordering="incident__environment")
    def environment(self, postmortem: PostMortem) -> str:
        return str(postmortem.incident.environment)

    @admin.display(description="Severity", ordering="incident__severity")
    def severity(self, postmortem: PostMortem) -> str:
        return badge(postmortem.incident.severity, postmortem.incident.get_severity_display())

    @admin.display(description="Due", ordering="due_at")
    def due(self, postmortem: PostMortem) -> str:
        return due_text(postmortem)


def _changed(postmortem: PostMortem, found: PostMortemVersion) -> dict[str, Any]:
    """What that version changed in each section, and of which one before it."""
    earlier = postmortem.versions.filter(number__lt=found.number, set_aside=False, measured__isnull=True)
    before = earlier.order_by("-number").first()
    old = before.texts if before is not None else {}
    parts = sections.SECTIONS.items()
    lines = {title: between(old.get(key, ""), found.texts.get(key, "")) for key, (title, _) in parts}
    return {"before": before, "sections": [{"title": title, "lines": each} for title, each in lines.items() if each]}


def due_text(row: Any) -> str:
    """When it is due, loud when that is past."""
    if row.due_at is None:
        return "—"
    day = f"{timezone.localtime(row.due_at):%Y-%m-%d %H:%M}"
    return badge("overdue", f"Overdue since {day}") if row.overdue else day


def as_file(name: str, title: str, text: str) -> HttpResponse:
    """A document to be saved: Markdown, or PDF by the name's ending; one sentence where that cannot be made here."""
    try:
        pdf_wanted = name.endswith(".pdf")
        data, kind = (pdf.of(title, text), "application/pdf") if pdf_wanted else (text, "text/markdown; charset=utf-8")
    except OpsError as error:
        return said(str(error), 503)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(data, content_type=kind, headers=headers)
