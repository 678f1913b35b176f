"""The severity table in the admin: what each means, and how soon somebody acts and tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from incidents.models import SeverityRule
from smsops.admin.base import OperationsAdmin
from smsops.templatetags.smsops_ui import badge
from smsops.text import seconds_text


@admin.register(SeverityRule)
class SeverityRuleAdmin(OperationsAdmin):
    list_display = ("level", "meaning", "examples", "response_within", "word_every")
    fields = ("severity", "meaning", "examples", ("response_minutes", "update_minutes"))
    readonly_fields = ("severity",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # there is one for each severity

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Severity", ordering="response_minutes")
    def level(self, rule: SeverityRule) -> str:
        return badge(rule.severity, rule.get_severity_display())

    @admin.display(description="Response within", ordering="response_minutes")
    def response_within(self, rule: SeverityRule) -> str:
        return _span(rule.response)

    @admin.display(description="A word every", ordering="update_minutes")
    def word_every(self, rule: SeverityRule) -> str:
        return _span(rule.update)


def _span(span: timedelta) -> str:
    return seconds_text(span.total_seconds())
