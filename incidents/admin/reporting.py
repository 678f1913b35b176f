"""The buttons for what only people know: an incident on an environment's page, a fact on an incident's.

Neither leaves words in a history of the admin that somebody reads who may not see the incident.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest

from incidents import selectors
from incidents.admin.postmortem_actions import person
from incidents.models import Incident, IncidentState, Issue, Severity
from incidents.privacy import PERMISSION, seen_by
from incidents.services import facts, reports
from incidents.services.reports import BY_HAND, Report
from smsops.admin.actions import ActionForm, ObjectAction, Preview, ReasonedForm
from smsops.audit.discretion import PRIVATE
from smsops.models import Environment
from smsops.runs.plan import By

VIEW = "incidents.view_incident"
SHOWN = 5  # live incidents it may be


class ReportForm(ActionForm):
    """Asks what is wrong, how bad it is, and whether everybody may know."""

    title = forms.CharField(
        label="What is wrong", max_length=200, help_text="In a few words: they are what people are paged with.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )  # fmt: skip
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.MEDIUM)
    issue = forms.ChoiceField(label="Kind of issue", choices=Issue.choices, initial=Issue.UNKNOWN)
    private = forms.BooleanField(
        required=False, help_text="Only those see it who may see private incidents; no channel hears of it."
    )
    drill = forms.BooleanField(required=False, help_text="Played on purpose: nobody is paged, and no figure counts it.")
    field_order = ("title", "severity", "issue", "reason", "private", "drill")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label, self.fields["reason"].help_text = "What was seen", "By whom, when, where."


class ReportIncident(ObjectAction):
    """Opens an incident smsops did not notice. The environment's history keeps nothing of it: the incident does."""

    name, label, permission, form = "report", "Report an incident…", "incidents.report_incident", ReportForm
    recorded = False

    def preview(self, target: Environment, request: HttpRequest) -> Preview:
        paged = "Whoever is on call is paged as for what smsops notices; the first look and the evidence begin at once."
        return Preview((paged, "It is over when a person says so.", *_live(target, request)))

    def perform(self, target: Environment, by: By, cleaned: dict[str, Any]) -> Incident | str:
        user, names = person(by), ("title", "severity", "issue", "reason", "private", "drill")
        incident = reports.report(target, Report(*(cleaned[name] for name in names)), user)
        if user.has_perm(VIEW) and (not incident.private or user.has_perm(PERMISSION)):
            return incident
        return "It is reported. Those who may see it take it on."

    def scope(self, target: Environment, cleaned: dict[str, Any]) -> str:
        return PRIVATE if cleaned["private"] else super().scope(target, cleaned)


def _live(target: Environment, request: HttpRequest) -> Iterator[str]:
    """What is known already, as far as this person may see it."""
    if request.user.has_perm(VIEW):
        for each in selectors.live_incidents().filter(seen_by(request.user), environment=target)[:SHOWN]:
            yield f"Open already: {each}. If it is that, write it down there."


class FactForm(ReasonedForm):
    """Asks which, of those that are not known yet, and how it is known."""

    prefilled = ("kind",)
    kind = forms.ChoiceField(label="What is a fact")
    field_order = ("kind", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = facts.known(self.target)  # type: ignore[arg-type]
        left = [(each.value, each.label) for each in BY_HAND if each not in known]
        self.fields["kind"].choices = left  # type: ignore[attr-defined]
        self.fields["reason"].label, self.fields["reason"].help_text = "How it is known", "Goes onto the timeline."


class EstablishFact(ObjectAction):
    """Establishes what smsops cannot find out by itself."""

    name, label, permission, form = "fact", "Establish a fact…", "incidents.classify_incident", FactForm

    def obstacle(self, target: Incident) -> str:
        return "It is closed." if target.state == IncidentState.CLOSED else ""

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview((
            "Levels of the escalation that wait for it are paged with the next round; those it makes needless are not.",
            "It cannot be taken back: a line on the timeline can say that it was wrong.",
        ))  # fmt: skip

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        reports.establish(target, cleaned["kind"], by.reason, person(by))
        return "It is a fact of the incident."
