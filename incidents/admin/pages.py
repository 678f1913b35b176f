"""Pages in the admin: what was sent to whom, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from incidents.admin.reach import Discreet
from incidents.models import Incident, Page
from incidents.services import attempts
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import Nothing
from smsops.admin.parts import PagePart
from smsops.redact import redact
from smsops.templatetags.smsops_ui import ago, badge

SHOWN = 50  # on the page of an incident, the last ones
RELATED = ("user", "contact__user", "channel", "incident__environment")


@admin.register(Page)
class PageAdmin(Discreet, RecordAdmin):
    nothing = Nothing(
        "Nobody was paged yet; escalation policies say who is, and when.",
        "Escalation policies",
        "incidents_escalationpolicy_changelist",
        "incidents.view_escalationpolicy",
    )
    list_display = ("when", "status", "kind", "whom", "how", "about", "level", "attempts", "late", "error")
    list_filter = ("state", "kind", "unsure", "incident__environment")
    presets = (
        ("Not delivered", "state__exact=failed"),
        ("To be sent", "state__exact=pending"),
    )
    search_fields = ("user__username", "channel__name", "incident__title")
    date_hierarchy = "due_at"
    long_sorts = ("when",)
    fields = ("incident", "kind", "level", "user", "how", "text", "status", "delivery", "late", "due_at", "sent_at",
              "bundle")  # fmt: skip
    readonly_fields = ("how", "status", "delivery")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Page]:
        return super().get_queryset(request).select_related(*RELATED)

    @admin.display(description="Due", ordering="due_at")
    def when(self, page: Page) -> str:
        return ago(page.due_at)

    @admin.display(description="State", ordering="state")
    def status(self, page: Page) -> str:
        return badge(page.state, page.get_state_display())

    @admin.display(description="Did it arrive?")
    def delivery(self, page: Page) -> str:
        return attempts.told(page)

    @admin.display(description="Last error", ordering="problem")
    def error(self, page: Page) -> str:
        return redact(page.problem)

    @admin.display(description="To")
    def whom(self, page: Page) -> str:
        return str(page.user or page.channel or "—")

    @admin.display(description="By")
    def how(self, page: Page) -> str:
        return way_of(page)

    @admin.display(description="About", ordering="incident")
    def about(self, page: Page) -> str:
        return str(page.incident or "a test")


def way_of(page: Page) -> str:
    """What the way is called; never the address."""
    if page.channel is not None:
        return page.channel.name
    return page.contact.way_label if page.contact is not None else "e-mail"


def _of_incident(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("incidents.view_page"):
        return {}
    found = list(Page.objects.filter(incident=incident).select_related(*RELATED)[:SHOWN])
    return {"pages": [(page, way_of(page)) for page in found], "most": SHOWN} if found else {}


OF_INCIDENT = PagePart("admin/incidents/_pages.html", _of_incident)
