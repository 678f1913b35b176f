"""Action items in words and as plain values."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from incidents.actions import checks
from incidents.models import ActionItem

HEAD = ("No.", "What", "Kind", "Priority", "Owner", "Due", "State", "Proof")


def line(item: ActionItem) -> list[str]:
    """One item, in the order of HEAD."""
    return [
        str(item.pk),
        item.title,
        item.get_kind_display(),
        item.get_priority_display(),
        item.owner.get_username() if item.owner else "nobody",
        f"{timezone.localtime(item.due_at):%Y-%m-%d}" if item.due_at else "—",
        "Overdue" if item.overdue else item.get_state_display(),
        proof(item),
    ]


def proof(item: ActionItem) -> str:
    """What proves it, and what that says now."""
    if not item.check_key:
        return f"{item.done_by} said so" if item.done_by else "a person's word"
    kind = checks.known().get(item.check_key)
    title = kind.title if kind else item.check_key
    named = f" ({item.check_name})" if item.check_name else ""
    return f"{title}{named}: {item.said or 'not asked yet'}"


def as_data(item: ActionItem) -> dict[str, Any]:
    """An item as JSON."""
    return {
        "action": item.pk,
        "incident": item.incident_id,
        "environment": item.incident.environment.name,
        "title": item.title,
        "kind": item.kind,
        "priority": item.get_priority_display().lower(),
        "state": item.state,
        "overdue": item.overdue,
        "owner": item.owner.get_username() if item.owner else None,
        "due_at": item.due_at,
        "check": item.check_key or None,
        "held": item.held,
        "said": item.said,
        "done_at": item.done_at,
        "done_by": item.done_by or ("evidence" if item.done_at else None),
        "reopened": item.reopened,
    }
