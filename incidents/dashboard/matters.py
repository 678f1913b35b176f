"""What is open, waits or is due, of every kind, in one question: incidents, approvals, post-mortems, action items and
the tasks of runbook §9, as far as a person may see them (U3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    DateTimeField,
    F,
    IntegerField,
    Q,
    QuerySet,
    Value,
    Window,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from deployments.models import PostTask
from incidents import selectors
from incidents.models import LIVE, MEASURING, Incident, PostMortem
from incidents.privacy import seen_by
from smsops.models import Approval, Decision, RunState

MOST = 600  # rows: more are counted, and found in the lists
SOON = timedelta(days=3)
INCIDENT, APPROVAL, POSTMORTEM, ACTION, TASK = range(5)  # in this order they come


class Matter(NamedTuple):
    """One of them. `at`: noticed, asked for, or due; `until`: when a request ends; `taken`: since when somebody has an
    incident; `number`: of an incident its RTO in minutes, of a request its risk; `total`: how many of its kind there
    are."""

    kind: int
    pk: int
    place: int
    name: str
    label: str
    title: str
    word: str
    state: str
    at: datetime | None
    until: datetime | None
    taken: datetime | None
    who: str
    number: int
    run: int | None
    run_state: str
    drill: bool
    total: int

    @property
    def where(self) -> str:
        return self.label or self.name


@dataclass(frozen=True)
class Open:
    """All that was read, and how many of each kind there are."""

    rows: list[Matter]

    def of(self, *kinds: int) -> list[Matter]:
        return [row for row in self.rows if row.kind in kinds]

    def total(self, kind: int) -> int:
        return next((row.total for row in self.rows if row.kind == kind), 0)


def read(user: Any, place: int | None = None) -> Open:
    """What this person may see, of one environment or of all."""
    parts = [part for permission, part in _PARTS if user.has_perm(permission)]
    asked = [part(user, Q() if place is None else Q(**{_PLACE[part]: place})) for part in parts]
    if not asked:
        return Open([])
    first, *others = asked
    found = first.union(*others, all=True) if others else first
    return Open([Matter(*_sound(row)) for row in found.order_by("row_kind", "row_at")[:MOST]])


def _sound(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """SQLite has no true and false in a union."""
    return (*row[:-2], bool(row[-2]), row[-1])


def _text(value: str = "") -> Value:
    return Value(value, CharField())


def _never() -> Value:
    return Value(None, DateTimeField())


def _row(found: QuerySet[Any], kind: int, place: str, **columns: Any) -> QuerySet[Any, Any]:
    """The columns of a Matter, in its order; those not given are empty."""
    filled = {
        "row_kind": Value(kind, IntegerField()), "row_pk": F("pk"), "row_place": F(f"{place}_id"),
        "row_name": F(f"{place}__name"), "row_label": F(f"{place}__title"), "row_title": F("title"),
        "row_word": _text(), "row_state": _text(), "row_at": F("due_at"), "row_until": _never(), "row_taken": _never(),
        "row_who": _text(), "row_number": Value(0, IntegerField()), "row_run": Value(None, BigIntegerField()),
        "row_run_state": _text(), "row_drill": Value(0, IntegerField()), "row_total": Window(Count("pk")),
        **{f"row_{name}": value for name, value in columns.items()},
    }  # fmt: skip
    made: QuerySet[Any, Any] = found.order_by().annotate(**filled).values_list(*filled)
    return made


def _incidents(user: Any, where: Q) -> QuerySet[Any, Any]:
    found = Incident.objects.filter(where, seen_by(user), state__in=LIVE)
    return _row(
        found, INCIDENT, "environment", word=F("severity"), state=F("state"), at=F("detected_at"),
        taken=F("acknowledged_at"), who=Coalesce("acknowledged_by__username", _text()),
        number=F("environment__rto_minutes"), run=F("run_id"), run_state=Coalesce("run__state", _text()),
        drill=Cast("drill", IntegerField()),
    )  # fmt: skip


def _approvals(user: Any, where: Q) -> QuerySet[Any, Any]:
    found = Approval.objects.filter(where, decision=Decision.WAITING, run__state=RunState.PLANNED)
    return _row(
        found, APPROVAL, "run__environment", pk=F("run_id"), title=F("run__title"), word=F("decision"),
        state=F("reason"), at=F("requested_at"), until=F("expires_at"), who=F("requested_name"), number=F("risk"),
    )  # fmt: skip


def _postmortems(user: Any, where: Q) -> QuerySet[Any, Any]:
    found = PostMortem.objects.filter(where, seen_by(user, "incident__"), state__in=MEASURING)
    found = found.filter(due_at__lt=timezone.now() + SOON, incident__drill=False)
    owner = Coalesce("owner__username", _text())
    return _row(found, POSTMORTEM, "incident__environment", title=F("incident__title"), state=F("state"), who=owner)


def _actions(user: Any, where: Q) -> QuerySet[Any, Any]:
    found = selectors.items_to_do(until=timezone.now() + SOON).filter(where, seen_by(user, "incident__"))
    found = found.filter(incident__drill=False)
    return _row(found, ACTION, "incident__environment", who=Coalesce("owner__username", _text()))


def _tasks(user: Any, where: Q) -> QuerySet[Any, Any]:
    found = PostTask.objects.filter(where, enabled=True, due_at__lt=timezone.now() + SOON)
    return _row(found, TASK, "environment", state=F("kind"), who=F("owner"))


_PARTS = (
    ("incidents.view_incident", _incidents),
    ("smsops.view_run", _approvals),
    ("incidents.view_postmortem", _postmortems),
    ("incidents.view_actionitem", _actions),
    ("deployments.view_posttask", _tasks),
)
_PLACE = {
    _incidents: "environment", _approvals: "run__environment", _postmortems: "incident__environment",
    _actions: "incident__environment", _tasks: "environment",
}  # fmt: skip
