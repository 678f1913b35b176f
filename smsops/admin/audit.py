"""The audit trail in the admin: read, filtered, taken out as a file; never written by hand."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from smsops.admin.audit_filters import ActionFilter, DoorFilter, KindFilter, PersonFilter, hidden, narrows
from smsops.admin.audit_object import link_to, part_of_entry
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import Nothing
from smsops.admin.parts import PagePart, add_page_part
from smsops.audit import chain, checking, exporting, record
from smsops.models import AuditEntry
from smsops.models.audit import Sort
from smsops.runs import bell
from smsops.templatetags.smsops_ui import ago, badge

OBJECT = re.compile(r"([a-z]{1,60}):([\w.-]{1,60})")
FORMATS = {"jsonl": ("application/x-ndjson", exporting.json_lines), "csv": ("text/csv", exporting.csv_lines)}
CHECK, QUICK = "check-chain", 20_000  # the button; as many entries are verified in a second or two
PRIVATE = "private"  # what stands where somebody may not read


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    nothing = Nothing("Nothing was written down yet.")
    list_display = ("entry", "when", "person", "came_from", "deed", "thing", "why")
    list_filter = (PersonFilter, ActionFilter, KindFilter, "sort", "outcome", ("door", DoorFilter))
    search_fields = ("words", "reason", "who", "action", "address")
    search_help_text = "Words, a name, an address, or an object like incident:7"
    date_hierarchy = "at"
    sortable_by = ()
    change_list_template = "admin/smsops/auditentry/change_list.html"
    fields = ("exactly", "person", "came_from", "agent_", "deed", "thing", "why", "digests")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Each entry knows whether this person may read it; what is narrowed down by anything but time, only those."""
        kept_out = hidden(request)
        found: QuerySet[AuditEntry] = super().get_queryset(request)
        if kept_out and narrows(request.GET):
            found = found.exclude(scope__in=kept_out)
        masked = Case(When(scope__in=kept_out, then=Value(True)), default=Value(False), output_field=BooleanField())
        return found.annotate(masked=masked)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        if found := OBJECT.fullmatch(search_term.strip()):
            return queryset.filter(kind=found[1], number=found[2]), False
        return super().get_search_results(request, queryset, search_term)

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export_view)
        return [path("export.<slug:form>", export, name="smsops_auditentry_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and CHECK in request.POST and self.has_view_permission(request):
            return self._check(request)
        shown = (
            {"chain": checking.state(), "asked": request.GET.urlencode()} if self.has_view_permission(request) else {}
        )
        return super().changelist_view(request, {**(extra_context or {}), **shown})

    def _check(self, request: HttpRequest) -> HttpResponse:
        """Verify the chain: at once, or by a worker where that would take longer than somebody waits for a page."""
        if chain.head()[0] > QUICK:
            if bell.ring_for_the_trail():
                messages.info(request, "The trail is long: a worker checks it. Look here again in a few minutes.")
            else:
                messages.error(request, "The trail is long, and the broker that would ring for a worker is away.")
        else:
            found = checking.check()
            (messages.success if found.whole else messages.error)(request, found.sentence)
        return HttpResponseRedirect(request.get_full_path())

    def export_view(self, request: HttpRequest, form: str) -> StreamingHttpResponse:
        """What the filter shows, as a file; the trail itself says that it was taken out."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in FORMATS:
            raise Http404
        try:
            chosen = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            raise Http404 from None
        chosen = chosen.filter(sequence__lte=chain.head()[0])  # without the entry about this export
        record("audit.export", sort=Sort.TAKEN, given={"form": form, "filter": request.GET.urlencode()})
        kind, lines = FORMATS[form]
        answer = StreamingHttpResponse(lines(chosen, hidden(request)), content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="audit-{timezone.now():%Y%m%d-%H%M%S}.{form}"'
        answer["Cache-Control"] = "no-store"
        return answer

    @admin.display(description="Entry")
    def entry(self, entry: AuditEntry) -> str:
        return f"{entry.sequence:,}"

    @admin.display(description="When")
    def when(self, entry: AuditEntry) -> str:
        return ago(entry.at)

    @admin.display(description="When")
    def exactly(self, entry: AuditEntry) -> str:
        return f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M:%S.%f %Z}"

    @admin.display(description="Who")
    def person(self, entry: AuditEntry) -> str:
        return read(entry, entry.who)

    @admin.display(description="From")
    def came_from(self, entry: AuditEntry) -> str:
        return read(entry, f"{entry.get_door_display()} {entry.address}".strip())

    @admin.display(description="Browser")
    def agent_(self, entry: AuditEntry) -> str:
        return read(entry, entry.agent or "—")

    @admin.display(description="What")
    def deed(self, entry: AuditEntry) -> SafeString | str:
        if entry.masked or not entry.outcome:  # type: ignore[attr-defined]
            return read(entry, entry.action)
        return format_html("{} {}", entry.action, badge(entry.outcome, entry.get_outcome_display()))

    @admin.display(description="Object")
    def thing(self, entry: AuditEntry) -> SafeString | str:
        if entry.masked or not entry.kind:  # type: ignore[attr-defined]
            return entry.about or "—"
        return format_html('{} <span class="quiet">{}</span>', link_to(entry), entry.words)

    @admin.display(description="Why")
    def why(self, entry: AuditEntry) -> str:
        return read(entry, entry.reason or "—")

    @admin.display(description="Digest")
    def digests(self, entry: AuditEntry) -> SafeString:
        return format_html('{}<br><span class="quiet">after {}</span>', entry.digest, entry.previous)


def read(entry: AuditEntry, text: str) -> str:
    """The text, for those who may read it."""
    return PRIVATE if entry.masked else text  # type: ignore[attr-defined]


add_page_part(AuditEntry, PagePart("admin/smsops/auditentry/_told.html", part_of_entry))
