"""What follows an incident of which severity, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from incidents.models import ReviewRule
from smsops.admin.base import OperationsAdmin


@admin.register(ReviewRule)
class ReviewRuleAdmin(OperationsAdmin):
    list_display = ("severity", "by_itself", "hours", "action_days")
    fields = ("severity", "by_itself", "hours", "action_days")
    readonly_fields = ("severity",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # there is one for each severity

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
