"""Incidents: read, and acknowledged. Private ones are there only for who may see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema

from incidents.models import Incident, IncidentState, Issue, Severity
from incidents.privacy import seen_by
from incidents.services import lifecycle
from incidents.services.roles import ROLES
from smsops.api.callers import the_caller
from smsops.api.problems import missing
from smsops.api.registry import needs
from smsops.api.shapes import Name, Number, Page, Paged, Why, page
from smsops.audit.recording import carried_out, deed
from smsops.models import Scope
from smsops.models.audit import Sort
from smsops.redact import redact, redact_data

router = Router()
SEE = needs(Scope.READ, "incidents.view_incident")
PEOPLE = ("acknowledged_by", *ROLES)


class IncidentShape(Schema):
    """An incident. Times that are null have not come."""

    incident: int
    environment: str
    title: str
    severity: Severity
    state: IncidentState
    issue: Issue
    drill: bool
    private: bool
    run: int | None
    release: str
    began_at: datetime | None
    detected_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    mitigated_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    resolution: str
    contradicted: str
    commander: str
    scribe: str
    communications: str


class Line(Schema):
    """A line of the timeline."""

    at: datetime
    kind: str
    by: str
    text: str


class WholeIncident(IncidentShape):
    """An incident with its timeline."""

    timeline: list[Line]


class IncidentFilters(Paged):
    """Which incidents."""

    environment: Name | None = None
    state: IncidentState | None = None
    severity: Severity | None = None


def _seen(request: HttpRequest) -> QuerySet[Incident]:
    caller = the_caller(request)
    found = Incident.objects.filter(seen_by(caller.user)).select_related("environment", *PEOPLE)
    return caller.within(found)


def _find(request: HttpRequest, number: int) -> Incident:
    found = _seen(request).filter(pk=number).first()
    if found is None:
        raise missing(f"incident {number}")
    return found


def _shown(incident: Incident) -> dict[str, Any]:
    names = ("title", "severity", "state", "issue", "drill", "private", "release", "began_at", "detected_at",
             "acknowledged_at", "mitigated_at", "resolved_at", "closed_at", "resolution")  # fmt: skip
    people = {role: getattr(incident, role) for role in PEOPLE}
    return {
        "incident": incident.pk,
        "environment": incident.environment.name,
        "run": incident.run_id,
        **{name: getattr(incident, name) for name in names},
        "contradicted": incident.contradicted if incident.contradicts else "",
        **{role: person.get_username() if person is not None else "" for role, person in people.items()},
    }


def _whole(incident: Incident) -> Any:
    told = [
        {"at": entry.at, "kind": entry.kind, "by": entry.author or "smsops", "text": entry.text}
        for entry in incident.timeline.all()
    ]
    return redact_data({**_shown(incident), "timeline": told})


@router.get("incidents", response=Page[IncidentShape], summary="Incidents, the newest first", **SEE)
def incidents(request: HttpRequest, asked: Query[IncidentFilters]) -> dict[str, Any]:
    return page(the_caller(request).chosen(_seen(request), asked), asked, _shown)


@router.get("incidents/{row:number}", response=WholeIncident, summary="One incident, with its timeline", **SEE)
def incident(request: HttpRequest, number: Number) -> Any:
    return _whole(_find(request, number))


@router.post("incidents/{row:number}/acknowledge", response=WholeIncident, summary="Acknowledge an incident",
             **needs(Scope.INCIDENTS, "incidents.acknowledge_incident"))  # fmt: skip
def acknowledge(request: HttpRequest, number: Number, body: Why) -> Any:
    """It is the token's owner who has it then, and is not paged any more."""
    found = _find(request, number)
    user = the_caller(request).user
    if found.state != IncidentState.ACKNOWLEDGED or found.acknowledged_by != user:  # else it is theirs already
        with carried_out(deed("incident.acknowledge", found, sort=Sort.COMMAND, reason=redact(body.reason))):
            lifecycle.acknowledge(found, user, redact(body.reason))
    return _whole(_find(request, number))
