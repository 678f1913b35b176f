"""Asks the evidence of every item that is bound to some: it closes by itself, and opens again when that breaks."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from incidents.actions import checks, history
from incidents.models import ActionItem, ActionState

log = logging.getLogger(__name__)

WATCHED = timedelta(days=180)  # for so long after it was done a relapse opens it again


def follow() -> int:
    """Ask all that count; return how many were closed or opened. One that fails leaves the others alone."""
    recent = Q(state=ActionState.DONE, done_at__gte=timezone.now() - WATCHED)
    found = ActionItem.objects.filter(Q(state=ActionState.TODO) | recent).exclude(check_key="")
    return sum(_follow_apart(item) for item in found.select_related("incident__environment"))


def _follow_apart(item: ActionItem) -> bool:
    try:
        return look(item)
    except Exception:
        log.exception("the evidence of action item %s could not be asked", item.pk)
        return False


def look(item: ActionItem) -> bool:
    """Ask the evidence of one; return whether it was closed or opened."""
    verdict, held_before = checks.ask(item), item.held
    moved = False
    if item.state == ActionState.TODO and verdict.holds:
        fields = {"done_at": timezone.now(), "done_by": ""}
        moved = history.move(item, ActionState.DONE, "Closed by evidence.", None, verdict.said, **fields)
    elif item.state == ActionState.DONE and verdict.holds is False and held_before:
        fields = {"done_at": None, "done_by": "", "reopened": item.reopened + 1}
        moved = history.move(item, ActionState.TODO, "Opened again by evidence.", None, verdict.said, **fields)
    # What cannot be told now does not make what was proved unproved.
    holds = held_before if verdict.holds is None and item.state == ActionState.DONE else verdict.holds
    ActionItem.objects.filter(pk=item.pk).update(held=holds, said=verdict.said, checked_at=timezone.now())
    return moved
