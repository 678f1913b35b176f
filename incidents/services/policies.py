"""Which escalation policy an incident gets, and how it is frozen onto it (I5)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q

from incidents.models import EscalationPolicy, Incident, PolicyLevel


def choose(incident: Incident) -> EscalationPolicy | None:
    """The closest one that fits; None where there is none."""
    fitting = EscalationPolicy.objects.filter(
        Q(environment=incident.environment) | Q(environment=None), Q(issue=incident.issue) | Q(issue=""), enabled=True
    )
    return fitting.order_by(F("environment").asc(nulls_last=True), "-issue").first()


def freeze(policy: EscalationPolicy) -> dict[str, Any]:
    """The policy as the incident keeps it, whatever becomes of the rows."""
    levels = policy.levels.prefetch_related("rotas", "teams", "users", "channels")
    return {
        "name": policy.name,
        "nag_minutes": policy.nag_minutes,
        "rounds": policy.rounds,
        "acknowledged_minutes": policy.acknowledged_minutes,
        "levels": [_level(level) for level in levels],
    }


def _level(level: PolicyLevel) -> dict[str, Any]:
    people = {name: [row.pk for row in getattr(level, name).all()] for name in ("rotas", "teams", "users", "channels")}
    return {
        "position": level.position,
        "after_minutes": level.after_minutes,
        "condition": level.condition,
        "office_hours": level.office_hours,
        **people,
    }
