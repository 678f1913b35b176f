"""django-celery-beat's pages, made safe: its bulk actions change schedules without asking for the permission.

The rows that smsops keeps itself are changed on the environment's page; here everything is to be looked at, and only
superusers may change what tasks run.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django_celery_beat import models as beat
from django_celery_beat.admin import PeriodicTaskAdmin as StockPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm as StockPeriodicTaskForm

from smsops.admin.typed import StoredJSONField, Typed


class _SuperuserChanges:
    """Anybody with the view permission looks; only superusers change."""

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


for model in (
    beat.PeriodicTask,
    beat.IntervalSchedule,
    beat.CrontabSchedule,
    beat.SolarSchedule,
    beat.ClockedSchedule,
):
    admin.site.unregister(model)


class PeriodicTaskForm(StockPeriodicTaskForm):  # type: ignore[misc]
    """Says beside each field what is wrong with it; the stock one crashes where a name is no text, and takes headers
    at which the scheduler would stop."""

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = forms.ModelForm.clean(self) or self.cleaned_data
        if found.get("regtask"):
            found["task"] = found["regtask"]
        elif not found.get("task", "refused"):
            self.add_error("task", "Choose a task above, or write its name here.")
        if found.get("expires") and found.get("expire_seconds") is not None:
            self.add_error("expire_seconds", "Give a time or so many seconds, not both.")
        return found

    def clean_regtask(self) -> str:
        """The stock field takes whatever is sent."""
        found = str(self.cleaned_data["regtask"] or "")
        if found and found not in dict(self.fields["regtask"].widget.choices):
            raise forms.ValidationError("Choose one of the list.")
        return found

    def clean_args(self) -> str:
        return self._stored("args", list, '["our-school"]') or "[]"

    def clean_kwargs(self) -> str:
        return self._stored("kwargs", dict, '{"name": "our-school"}') or "{}"

    def clean_headers(self) -> str:
        return self._stored("headers", dict, '{"name": "value"}') or "{}"

    def _stored(self, name: str, kind: type, example: str) -> str:
        """The text, where it is JSON of that kind."""
        text = str(self.cleaned_data[name] or "").strip()
        if text and not isinstance(StoredJSONField(required=False).clean(text), kind):
            raise forms.ValidationError(f"Write it like {example}.")
        return text


@admin.register(beat.PeriodicTask)
class PeriodicTaskAdmin(Typed, _SuperuserChanges, StockPeriodicTaskAdmin):  # type: ignore[misc]
    form = PeriodicTaskForm
    change_form_template = "admin/change_form.html"  # the stock one's script is inline, which our policy refuses
    actions = None
    list_display = ("name", "enabled", "scheduler", "last_run_at", "one_off")


@admin.register(beat.IntervalSchedule, beat.CrontabSchedule)
class ScheduleAdmin(Typed, _SuperuserChanges, admin.ModelAdmin):  # type: ignore[type-arg]
    actions = None

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        if found is not None and db_field.name == "timezone":
            found.show_hidden_initial = (
                False  # what is sent in it is looked for among the files of time zones, as it is
            )
        return found
