"""What waits for a person or is due, the longest overdue first (U3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from incidents.dashboard.matters import ACTION, APPROVAL, POSTMORTEM, TASK, Matter, Open
from smsops.models.risk import Risk

SHOWN = 10
WHAT = {POSTMORTEM: "Post-mortem", ACTION: "Action item", TASK: "After a deployment"}


@dataclass(frozen=True)
class Due:
    """One line; `badge` is a word with a tone, `word` what is written on it."""

    badge: str
    word: str
    what: str
    title: str
    url: str
    where: str
    who: str
    at: datetime | None
    until: datetime | None = None
    said: str = ""


@dataclass(frozen=True)
class Listed:
    """Those shown, and how many there are."""

    lines: list[Due]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.lines)


def approvals(found: Open) -> Listed:
    """Runs that wait for a second person."""
    lines = [_approval(each) for each in found.of(APPROVAL)[:SHOWN]]
    return Listed(lines, found.total(APPROVAL))


def others(found: Open) -> Listed:
    """What is overdue, and what is due within days."""
    rows = sorted(found.of(POSTMORTEM, ACTION, TASK), key=lambda each: (each.at is None, each.at))
    total = sum(found.total(kind) for kind in (POSTMORTEM, ACTION, TASK))
    return Listed([_due(each) for each in rows[:SHOWN]], total)


def _approval(each: Matter) -> Due:
    url = reverse("admin:smsops_run_change", args=[each.pk])
    said = f"“{each.state}”" if each.state else ""
    return Due("waiting", str(Risk(each.number).label), "", each.title, url, each.where, each.who, each.at, each.until,
               said)  # fmt: skip


def _due(each: Matter) -> Due:
    late = each.at is not None and each.at < timezone.now()
    return Due("overdue" if late else "planned", "Overdue" if late else "Due", WHAT[each.kind], each.title, _url(each),
               each.where, each.who or "nobody's", each.at)  # fmt: skip


def _url(each: Matter) -> str:
    if each.kind == TASK:
        return f"{reverse('admin:deployments_posttask_changelist')}?environment__id__exact={each.place}"
    name = "postmortem" if each.kind == POSTMORTEM else "actionitem"
    return reverse(f"admin:incidents_{name}_change", args=[each.pk])
