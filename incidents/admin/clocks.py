"""The clocks of an incident on its page, and the button that corrects one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from incidents.admin.postmortem_actions import person
from incidents.models import Clock, Incident
from incidents.services import clocks
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.admin.typed import MomentField
from smsops.runs.plan import By
from smsops.text import seconds_text


class ClockForm(ReasonedForm):
    """Asks which clock, what it should have said, and why."""

    prefilled = ("clock", "to")
    clock = forms.ChoiceField()
    to = MomentField(label="Was really")
    field_order = ("clock", "to", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        incident: Incident = self.target  # type: ignore[assignment]
        self.fields["clock"].choices = [(each.value, each.label) for each in clocks.correctable(incident)]  # type: ignore[attr-defined]
        self.fields["to"].help_text = f"In {timezone.get_current_timezone_name()}, to the second."
        self.fields["to"].initial = timezone.localtime(incident.detected_at)


class Correct(ObjectAction):
    """Corrects a clock, with a trace."""

    name, label, permission, form = "clock", "Correct a clock…", "incidents.correct_incident", ClockForm

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview((
            "Both moments stay to be seen, with your name and the reason; figures and post-mortem go by the new one.",
        ))  # fmt: skip

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        made = clocks.correct(target, cleaned["clock"], cleaned["to"], person(by), by.reason)
        return f"{made.get_clock_display()} is corrected."


def rows(incident: Incident) -> list[dict[str, Any]]:
    """Each clock with its moment, the time since detection, and what it said before."""
    corrections = list(incident.clock_corrections.all())
    found = []
    for clock in Clock:
        at: datetime | None = getattr(incident, clock)
        since = (at - incident.detected_at).total_seconds() if at is not None else 0.0
        side = "before" if since < 0 else "after"
        found.append({
            "title": clock.label, "at": at, "since": f"{seconds_text(abs(since))} {side} detection" if since else "",
            "corrections": [each for each in corrections if each.clock == clock],
        })  # fmt: skip
    return found
