"""When backups are taken, in the admin: the hours on the environment's page, and the pause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from backups.models import BackupSchedule
from backups.models.schedule import WEEKDAYS
from backups.services import forecast, schedule
from smsops import zones
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.admin.typed import Typed
from smsops.models import Environment
from smsops.runs.plan import By


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The hours as a clock shows them, the days to be ticked."""

    business_days = forms.MultipleChoiceField(
        label="On", required=False, choices=[(day, day) for day in WEEKDAYS], widget=forms.CheckboxSelectMultiple,
        initial=str(BackupSchedule._meta.get_field("business_days").default).split(),
    )  # fmt: skip

    class Meta:
        model = BackupSchedule
        fields = ("opens", "closes", "business_days", "quiet_minutes", "time_zone", "holidays")
        widgets = {
            "opens": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "closes": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "holidays": forms.Textarea(attrs={"rows": 3, "cols": 24}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "business_days" in self.initial:  # not where nobody has set any hours yet
            self.initial["business_days"] = self.initial["business_days"].split()

    def clean_business_days(self) -> str:
        ticked = self.cleaned_data["business_days"]
        return " ".join(day for day in WEEKDAYS if day in ticked)


class ScheduleInline(Typed, admin.StackedInline):  # type: ignore[type-arg]
    """When backups are taken, on the environment's page."""

    model = BackupSchedule
    form = ScheduleForm
    can_delete = False
    verbose_name = verbose_name_plural = "When backups are taken"
    classes = ("collapse", "fold")
    readonly_fields = ("pause", "outlook")
    fields = (("opens", "closes"), "business_days", "quiet_minutes", "time_zone", "holidays", "pause", "outlook")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The form's own widgets; the admin's clock is that of the person, and these hours are the school's."""
        minutes = db_field.name == "quiet_minutes"
        return super().formfield_for_dbfield(db_field, request, **kwargs) if minutes else db_field.formfield(**kwargs)

    @admin.display(description="Pause")
    def pause(self, found: BackupSchedule) -> str:
        if not found.paused:
            return "none"
        return f"until {zones.shown(found.paused_until)}, by {found.paused_by}: {found.pause_reason}"

    @admin.display(description="What comes of it")
    def outlook(self, found: BackupSchedule) -> str:
        """As it is stored: what was typed shows once it is saved, and may be wrong until then."""
        stored = Environment.objects.get(pk=found.environment_id)
        return format_html_join("", "<p>{}</p>", ((line,) for line in forecast.told(stored)))


class PauseForm(ReasonedForm):
    """Asks how long."""

    hours = forms.IntegerField(label="For how many hours", min_value=1, max_value=168, initial=1)
    field_order: Sequence[str] = ("hours", "reason")


class PauseBackups(ObjectAction):
    """Takes no scheduled backups for a while; it ends by itself."""

    name, label = "pause", "Pause backups…"
    permission = "backups.pause_backups"
    form = PauseForm

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        return Preview((
            "No scheduled backup is taken until the pause ends by itself; backups on demand and before changes are.",
            f"The RPO of {target.rpo_minutes} min is broken if it lasts longer than that.",
        ))  # fmt: skip

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> str:
        found = schedule.pause(target, timedelta(hours=cleaned["hours"]), by)
        return f"Backups of {target} are paused until {zones.shown(found.paused_until)}."


class ResumeBackups(ObjectAction):
    """Ends a pause early."""

    name, label = "resume", "Resume backups"
    permission = "backups.pause_backups"

    def obstacle(self, target: Environment) -> str:
        return "" if schedule.of(target).paused else "Backups are not paused."

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        return Preview(("Scheduled backups go on within one period.",))

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> str:
        schedule.resume(target)
        return f"Backups of {target} go on."
