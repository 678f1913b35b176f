"""On an incident's page: how bad it is and who does what, and the buttons that change it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from incidents.admin.postmortem_actions import person
from incidents.admin.postmortem_forms import SeenInput
from incidents.models import ORDER, EntryKind, Incident, IncidentState, Severity
from incidents.services import incidents, roles, severities, suggested_severity
from smsops.admin.actions import ActionForm, ObjectAction, Preview, ReasonedForm
from smsops.runs.plan import By


class SeverityForm(ActionForm):
    """Asks which, and, where it is less, why."""

    prefilled = ("severity",)
    severity = forms.ChoiceField()
    field_order = ("severity", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.present = Severity(self.target.severity)  # type: ignore[attr-defined]
        others = [each for each in Severity if each != self.present]
        self.fields["severity"].choices = [(each.value, self._told(each)) for each in others]  # type: ignore[attr-defined]
        self.fields["reason"].help_text = f"Needed for less than {self.present.label.lower()}. Goes into the record."

    def _told(self, each: Severity) -> str:
        return f"{each.label}: {'more' if ORDER[each] > ORDER[self.present] else 'less'} than now"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("severity")
        if chosen and ORDER[Severity(chosen)] < ORDER[self.present] and not cleaned.get("reason", "").strip():
            self.add_error("reason", f"Say why it is less than {self.present.label.lower()}.")
        return dict(cleaned)


class Classify(ObjectAction):
    """Raises it freely; lowers it for a reason."""

    name, label, permission, form = "severity", "Severity…", "incidents.classify_incident", SeverityForm

    def obstacle(self, target: Incident) -> str:
        return "It is closed." if target.state == IncidentState.CLOSED else ""

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        found = suggested_severity.of(target)
        speaks = found.sentence if found else "The facts that are known speak for no other one."
        return Preview((speaks, "Who is paged, and how soon somebody should have it, goes by the new one from now on."))

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        severities.change(target, cleaned["severity"], person(by), by.reason)
        return f"It is {target.get_severity_display().lower()}."


class RolesForm(ActionForm):
    """The three roles, each with who has it, and who had them when the form was opened."""

    prefilled = tuple(roles.ROLES)
    seen = forms.CharField(widget=SeenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = get_user_model().objects.filter(is_active=True, is_staff=True).order_by("username")
        for name, (title, does) in roles.ROLES.items():
            self.fields[name] = forms.ModelChoiceField(
                people, label=title, required=False, empty_label="nobody", help_text=f"{does[0].upper()}{does[1:]}.",
                initial=getattr(self.target, name),
            )  # fmt: skip
        self.order_fields([*roles.ROLES, "reason"])
        self.fields["seen"].widget.present = self.holders
        self.fields["reason"].help_text = "Needed to take a role somebody else has. Goes into the record."

    @property
    def holders(self) -> str:
        return "-".join(str(getattr(self.target, f"{role}_id") or 0) for role in roles.ROLES)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("seen") not in ("", self.holders):
            raise forms.ValidationError("Somebody else has just changed who does what; look again.")
        return dict(cleaned)


class Roles(ObjectAction):
    """Takes, gives, hands over and lays down roles."""

    name, label, permission, form = "roles", "Roles…", "incidents.acknowledge_incident", RolesForm

    def obstacle(self, target: Incident) -> str:
        return "" if target.live else f"It is {target.get_state_display().lower()}."

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview(("Whoever is given a role is told; all of it is on the timeline.",))

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        changed = roles.give_all(target, {role: cleaned[role] for role in roles.ROLES}, person(by), by.reason)
        return f"Changed: {', '.join(roles.ROLES[role][0].lower() for role in changed)}." if changed else "As before."


class WriteDown(ObjectAction):
    """Adds a line to the timeline."""

    name, label, permission, form, place = "note", "Write down…", "incidents.report_incident", ReasonedForm, 6

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview(("One line on the timeline, with your name and the time; it cannot be changed afterwards.",))

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        incidents.note(target, EntryKind.NOTE, by.reason, author=person(by).get_username())
        return "It is on the timeline."


PEOPLE = (Classify(), Roles(), WriteDown())
