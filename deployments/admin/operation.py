"""The operations log in the admin: to be read, never written."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from deployments.models import Operation
from deployments.models.operation import WORDS
from deployments.operations import log, words
from smsops.admin.base import RecordAdmin
from smsops.admin.nothing import on_environments
from smsops.templatetags.smsops_ui import ago, badge


class KindFilter(admin.SimpleListFilter):
    """The four sorts of operations."""

    title, parameter_name = "kind", "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word) for word in dict.fromkeys(WORDS.values())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Operation]) -> QuerySet[Operation]:
        if self.value() is None:
            return queryset
        return queryset.filter(kind__in=[kind for kind, word in WORDS.items() if word == self.value()])


@admin.register(Operation)
class OperationAdmin(RecordAdmin):
    nothing = on_environments("Nothing was deployed, rolled back or restored yet.")
    list_display = ("when", "what", "environment", "change", "by", "why", "verdict", "away", "link")
    list_filter = (KindFilter, "environment", "state")
    search_fields = ("title", "reason", "actor_name")
    long_sorts = ("when",)
    fields = ("when", "what", "environment", "change", "by", "why", "verdict", "headline", "away", "link")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        return log.operations()

    @admin.display(description="When", ordering="created_at")
    def when(self, run: Operation) -> str:
        return ago(run.created_at)

    @admin.display(description="What", ordering="kind")
    def what(self, run: Operation) -> str:
        return WORDS[run.kind]

    @admin.display(description="From → to")
    def change(self, run: Operation) -> str:
        return words.change_text(log.entry(run))

    @admin.display(description="By", ordering="actor_name")
    def by(self, run: Operation) -> str:
        return run.actor_name or "smsops"

    @admin.display(description="Why")
    def why(self, run: Operation) -> str:
        return run.reason or "—"

    @admin.display(description="Verdict", ordering="state")
    def verdict(self, run: Operation) -> str:
        return badge(run.state, run.get_state_display())

    @admin.display(description="SMS away")
    def away(self, run: Operation) -> str:
        return words.away_text(log.entry(run))

    @admin.display(description="Run")
    def link(self, run: Operation) -> str:
        return format_html('<a href="{}">Run {}</a>', run.get_absolute_url(), run.pk)
