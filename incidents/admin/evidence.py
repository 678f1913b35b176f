"""Evidence in the admin: read as plain text; the copy of the database is opened for a reason, which is written down."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from incidents.models import Evidence, Incident
from incidents.services import databases_taken, evidence, evidence_runs
from smsops.admin.planned import PlannedAction
from smsops.admin.saying import said
from smsops.audit import carried_out, record
from smsops.audit.recording import deed
from smsops.errors import OpsError
from smsops.models import Run
from smsops.models.audit import Sort
from smsops.runs.plan import By, Plan


class Collect(PlannedAction):
    """Has all the evidence collected now; for bad incidents that begins by itself."""

    name, label = "collect", "Collect evidence…"
    permission = "incidents.collect_evidence"

    def plan(self, target: Incident) -> Plan:
        return evidence_runs.plan(target)

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> Run:
        return evidence_runs.start(target, by)


class WhyForm(forms.Form):
    """Asks why the copy of the database is opened."""

    reason = forms.CharField(
        label="Reason", max_length=500, help_text="It is written on the timeline, with your name.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )  # fmt: skip


def find(pk: int, name: str) -> Evidence:
    """The piece of that name; Http404 when there is none."""
    piece = Evidence.objects.select_related("incident__environment").filter(incident_id=pk, name=name).first()
    if piece is None:
        raise Http404
    return piece


def answer(request: HttpRequest, piece: Evidence, context: dict[str, Any]) -> HttpResponseBase:
    """One piece: as text where it is text, as a file where it is packed, and sealed ones for a reason only."""
    try:
        if piece.personal and not piece.gone:
            return _sealed(request, piece, context)
        found = _open(piece)
        record("evidence.read", piece, sort=Sort.TAKEN)
        return found
    except OpsError as error:
        return said(str(error), 410)


def _open(piece: Evidence) -> HttpResponseBase:
    if piece.name.endswith((".txt", ".json")):
        return HttpResponse(evidence.read(piece), content_type="text/plain; charset=utf-8")
    return FileResponse(evidence.verified(piece).open("rb"), as_attachment=True, filename=piece.name)


def _sealed(request: HttpRequest, piece: Evidence, context: dict[str, Any]) -> HttpResponseBase:
    if not request.user.has_perm(databases_taken.PERMISSION):
        raise PermissionDenied
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        with carried_out(deed("evidence.open", piece, sort=Sort.TAKEN, reason=reason)):
            pieces = databases_taken.opened(piece, request.user.get_username(), reason)
        answer = StreamingHttpResponse(pieces, content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="incident-{piece.incident_id}-database"'
        answer["Cache-Control"] = "no-store"
        return answer
    return TemplateResponse(request, "admin/incidents/incident/open_evidence.html", {**context, "form": form})
