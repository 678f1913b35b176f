"""What is noticed, in the admin: log patterns, and the thresholds of an environment on its page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from incidents.expressions import searching
from incidents.models import Detection, LogPattern
from smsops.admin.base import OperationsAdmin
from smsops.admin.typed import Typed
from smsops.templatetags.smsops_ui import badge


class PatternForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses an expression that is none, is in every line, or goes astray on some."""

    class Meta:
        model = LogPattern
        exclude: tuple[str, ...] = ()
        widgets = {"expression": forms.TextInput(attrs={"size": 90, "spellcheck": "false"})}

    def clean_expression(self) -> str:
        expression = str(self.cleaned_data["expression"])
        if said := searching.complaint(expression):
            raise forms.ValidationError(said)
        return expression


@admin.register(LogPattern)
class LogPatternAdmin(OperationsAdmin):
    form = PatternForm
    list_display = ("name", "status", "severity", "issue", "times", "seconds", "environment")
    list_filter = ("severity", "issue", "enabled", "environment")
    list_select_related = ("environment",)
    search_fields = ("name", "expression")
    fields = (
        ("name", "enabled"), "expression", ("times", "seconds", "quiet_minutes"), ("severity", "issue"), "environment",
        "stopped",
    )  # fmt: skip
    readonly_fields = ("stopped",)

    def save_model(self, request: HttpRequest, obj: LogPattern, form: Any, change: bool) -> None:
        obj.stopped = ""  # it was tried out again
        super().save_model(request, obj, form, change)

    @admin.display(description="State")
    def status(self, pattern: LogPattern) -> str:
        if pattern.stopped:
            return badge("failed", "Stopped")
        return badge("running", "Looked for") if pattern.enabled else badge("unknown", "Off")


class DetectionInline(Typed, admin.StackedInline):  # type: ignore[type-arg]
    """On the environment's page."""

    model = Detection
    extra = 0
    max_num = 1
    can_delete = False
    verbose_name_plural = "detection: from when on something is trouble"
    classes = ("collapse",)
    fields = (
        ("slow_ms", "slow_times"), ("flap_minutes", "steady_minutes"), "overrun_minutes",
        ("disk_percent", "disk_last_percent"), "certificate_days",
    )  # fmt: skip
