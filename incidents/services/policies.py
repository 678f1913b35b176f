"""Which escalation policy an incident gets, and how it is frozen onto it (I5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from incidents.models import EscalationPolicy, Incident, PolicyLevel


def choose(incident: Incident) -> EscalationPolicy | None:
    """The closest one that fits; None where there is none. One without levels is not finished, and passed over."""
    return closest(usable(), incident.environment_id, incident.issue)


def usable() -> QuerySet[EscalationPolicy]:
    """Those that are enabled and have levels."""
    return EscalationPolicy.objects.filter(enabled=True, levels__isnull=False).distinct()


def closest(found: Iterable[EscalationPolicy], environment_id: int | None, issue: str) -> EscalationPolicy | None:
    """Of those that fit: one for the environment before one for all, then one for the kind of issue before any."""
    fitting = [each for each in found if each.environment_id in (None, environment_id) and each.issue in ("", issue)]
    return max(fitting, key=lambda each: (each.environment_id is not None, each.issue != ""), default=None)


def freeze(policy: EscalationPolicy) -> dict[str, Any]:
    """The policy as the incident keeps it, whatever becomes of the rows."""
    levels = policy.levels.order_by("position").prefetch_related("rotas", "teams", "users", "channels")
    return {
        "name": policy.name,
        "least": policy.least,
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
