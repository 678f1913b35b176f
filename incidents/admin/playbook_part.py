"""Which playbook fits, on an incident's page: why, what its diagnosis saw, and what helped how often."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest

from incidents.diagnoses.base import get
from incidents.models import Incident, PlaybookVersion
from incidents.responses.known import RESPONSES
from incidents.services import diagnosing, playbooks, remedies, suggestions
from smsops.admin.actions import ActionForm, ObjectAction, Preview
from smsops.admin.parts import PagePart
from smsops.errors import OpsError
from smsops.models import Run
from smsops.runs.plan import By

SHOWN = 30  # acts


class DiagnoseForm(ActionForm):
    """Asks by which playbook."""

    prefilled = ("playbook",)
    playbook = forms.ChoiceField(required=False)
    field_order = ("playbook", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(each.playbook.key, each.playbook.title) for each in playbooks.newest()]
        field = self.fields["playbook"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "the one that fits best"), *known]


class Diagnose(ObjectAction):
    """Goes through the diagnosis of a playbook."""

    name, label = "diagnose", "Diagnose…"
    permission = "incidents.collect_evidence"
    form = DiagnoseForm

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        key = (request.POST or request.GET).get("playbook", "")
        if not key and not suggestions.of(target) and playbooks.used(target) is None:
            return Preview(("No playbook fits by itself: choose one.",))
        plan = diagnosing.plan(target, key)
        return Preview(plan.notes, plan)

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> Run:
        return diagnosing.start(target, by, cleaned["playbook"])


def context(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    """The playbook in force, and the others that fit."""
    judged, used = suggestions.judged(incident), playbooks.used(incident)
    found = suggestions.fitting(judged)
    version = used or next((each.version for each in found), None)
    acts = list(incident.acts.select_related("run").order_by("-at", "-pk")[:SHOWN])
    unread = [said for each in judged for said in each.unread]
    if version is None:
        return {"acts": acts, "unread": unread} if acts or unread or incident.live else {}
    own = next((each for each in found if each.version.playbook_id == version.playbook_id), None)
    return {
        "version": version,
        "reasons": own.reasons if own is not None else ("somebody chose it",),
        "others": [each for each in found if each.version.playbook_id != version.playbook_id],
        "steps": _steps(version),
        "responses": _responses(incident, version, request) if incident.live else [],
        "acts": acts,
        "unread": unread,
    }


def _steps(version: PlaybookVersion) -> list[str]:
    found = []
    for each in version.diagnosis:
        try:
            found.append(str(each.get("title") or get(str(each["do"])).title))
        except OpsError as error:
            found.append(str(error))
    return found


def _responses(incident: Incident, version: PlaybookVersion, request: HttpRequest) -> list[dict[str, Any]]:
    """Buttons for what this person may do; those a diagnosis speaks for come first."""
    known = remedies.records(incident.environment, version.playbook_id, incident.fingerprint)
    spoken = helped(incident)
    rows = []
    for each in version.responses:
        response = RESPONSES.get(str(each.get("do")))
        if response is None:
            continue
        rows.append({
            "title": response.title, "when": each.get("when", ""), "command": response.typed(incident, each),
            "url": response.url(incident, each) if request.user.has_perm(response.permission) else "",
            "record": known.get(response.key, remedies.NEVER).text, "spoken": response.key in spoken,
        })  # fmt: skip
    return sorted(rows, key=lambda row: not row["spoken"])


def helped(incident: Incident) -> set[str]:
    """The responses the last diagnosis speaks for."""
    last = Run.objects.filter(kind=diagnosing.KIND, params__incident=incident.pk, state="succeeded").first()
    return set(last.facts.get("playbook.diagnose", {}).get("helps", [])) if last is not None else set()


PART = PagePart("admin/incidents/incident/_playbook.html", context)
