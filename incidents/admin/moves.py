"""The buttons that move an incident along its table: who may, and what has to be said."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest

from incidents.admin.postmortem_actions import person
from incidents.models import INCIDENT_TABLE, Incident, IncidentState
from incidents.services import contradictions, lifecycle
from smsops.admin.actions import ActionForm, ObjectAction, Preview, ReasonedForm
from smsops.runs.plan import By


class Move(ObjectAction):
    """Moves an incident along its table."""

    permission = "incidents.resolve_incident"
    form: ClassVar[type[ActionForm]] = ReasonedForm
    to: ClassVar[str]

    def obstacle(self, target: Incident) -> str:
        return "" if self.to in INCIDENT_TABLE[target.state] else f"It is {target.get_state_display().lower()}."

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        self.move(target, person(by), cleaned)
        return f"The incident is {target.get_state_display().lower()}."

    def move(self, incident: Incident, user: User, cleaned: dict[str, Any]) -> None:
        raise NotImplementedError


class Acknowledge(Move):
    name, label, to, place = "acknowledge", "Acknowledge", IncidentState.ACKNOWLEDGED, 1
    permission, form = "incidents.acknowledge_incident", ActionForm

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview(("It is yours: nobody else is paged now, unless it lasts or gets worse.",))

    def move(self, incident: Incident, user: User, cleaned: dict[str, Any]) -> None:
        lifecycle.acknowledge(incident, user, cleaned["reason"])


class Mitigate(Move):
    name, label, to, place = "mitigate", "Mitigated…", IncidentState.MITIGATED, 2

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview(("Its users are served again, though the cause is not gone.",))

    def move(self, incident: Incident, user: User, cleaned: dict[str, Any]) -> None:
        lifecycle.mitigated(incident, cleaned["reason"], user)


class ResolveForm(ReasonedForm):
    """Asks what ended it and, while something is red, why it is over nevertheless."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = "What ended it"
        if contradictions.red(self.target):  # type: ignore[arg-type]
            self.fields["although"] = forms.CharField(
                label="Why it is over nevertheless", max_length=500,
                help_text="It is shown as contradicted until what is red is green.",
                widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
            )  # fmt: skip


class Resolve(Move):
    name, label, to, place, form = "resolve", "Resolve…", IncidentState.RESOLVED, 3, ResolveForm

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        against = contradictions.red(target)
        seen = [f"Red now: {each}" for each in against] or ["Nothing that smsops looks at is red."]
        return Preview((*seen, "It is over: nobody is paged for it any more, and the time to repair it ends now."))

    def move(self, incident: Incident, user: User, cleaned: dict[str, Any]) -> None:
        lifecycle.resolve(incident, cleaned["reason"], user, cleaned.get("although", ""))


class Close(Move):
    name, label, to, place = "close", "Close…", IncidentState.CLOSED, 4

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview(("Nothing is left to do. Its post-mortem and its action items go on.",))

    def move(self, incident: Incident, user: User, cleaned: dict[str, Any]) -> None:
        lifecycle.close(incident, cleaned["reason"], user)


class Reopen(Move):
    name, label, to, place = "reopen", "Reopen…", IncidentState.OPEN, 5

    def obstacle(self, target: Incident) -> str:
        gone_on = target.state not in (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)
        return super().obstacle(target) if gone_on else f"It is {target.get_state_display().lower()}: it is not over."

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview(("It was not over. Whoever is on call is paged again.",))

    def move(self, incident: Incident, user: User, cleaned: dict[str, Any]) -> None:
        lifecycle.reopen(incident, cleaned["reason"], user)


MOVES = (Acknowledge(), Mitigate(), Resolve(), Close(), Reopen())
