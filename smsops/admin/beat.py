"""django-celery-beat's pages, made safe: its bulk actions change schedules without asking for the permission.

The rows that smsops keeps itself are changed on the environment's page; here everything is to be looked at, and only
superusers may change what tasks run.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django_celery_beat import models as beat
from django_celery_beat.admin import PeriodicTaskAdmin as StockPeriodicTaskAdmin


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


@admin.register(beat.PeriodicTask)
class PeriodicTaskAdmin(_SuperuserChanges, StockPeriodicTaskAdmin):  # type: ignore[misc]
    actions = None
    list_display = ("name", "enabled", "scheduler", "last_run_at", "one_off")


@admin.register(beat.IntervalSchedule, beat.CrontabSchedule)
class ScheduleAdmin(_SuperuserChanges, admin.ModelAdmin):  # type: ignore[type-arg]
    actions = None
