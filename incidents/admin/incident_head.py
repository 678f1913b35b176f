"""The head of an incident's page: how bad, by when somebody acts and tells, what contradicts, who does what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from incidents.admin.incident_people import Classify, Roles
from incidents.models import Incident
from incidents.services import roles, severities, suggested_severity
from smsops.templatetags.smsops_ui import badge
from smsops.text import age_text, seconds_text


def context(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    """Everything of it; the number of queries does not grow with the incident."""
    rule = severities.rule(incident.severity)
    suggested = suggested_severity.of(incident)
    return {
        "rule": rule,
        "suggested": suggested,
        "classify": _door(incident, Classify, request) if suggested else "",
        "response_due_at": incident.detected_at + rule.response,
        "response": response(incident, incident.detected_at + rule.response),
        "word": _word(severities.word_due_at(incident, rule)) if incident.live else "",
        "roles": _roles(incident, request),
        "live": incident.live,
    }


def response(incident: Incident, due_at: datetime) -> str:
    """Whether somebody had it in time, or users were served again without anybody; a badge where not."""
    answered = incident.answered_at
    left = (due_at - (answered or timezone.now())).total_seconds()
    if left < 0:
        return badge("late", f"{_rough(-left)} late")
    if answered is None:
        return f"in {_rough(left)}"
    took = _rough(max(0.0, (answered - incident.detected_at).total_seconds()))
    return f"after {took}" if incident.acknowledged_at else f"by itself after {took}"


def _rough(seconds: float) -> str:
    """Nobody needs the seconds of minutes here."""
    return seconds_text(seconds) if seconds < 90 or seconds >= 90 * 60 else f"{round(seconds / 60)} min"


def _word(due_at: datetime) -> str:
    left = due_at - timezone.now()
    return badge("late", f"due {age_text(-left)}") if left < timedelta() else f"by {timezone.localtime(due_at):%H:%M}"


def _roles(incident: Incident, request: HttpRequest) -> list[dict[str, Any]]:
    door = _door(incident, Roles, request) if incident.live else ""
    found = []
    for role, (title, does) in roles.ROLES.items():
        held = getattr(incident, role)
        take = f"{door}?{role}={request.user.pk}" if door and held is None else ""
        found.append({"title": title, "does": does, "person": held, "take": take})
    return found


def _door(incident: Incident, action: type[Classify | Roles], request: HttpRequest) -> str:
    may = request.user.has_perm(action.permission)
    return reverse("admin:incidents_incident_do", args=[incident.pk, action.name]) if may else ""
