"""One step of an escalation: what time has brought, written down (I5).

A step and the messages it sends are one transaction, so a worker that dies at any point has done all of it or nothing.
The incident is locked meanwhile: whoever acknowledges it was before the step, which sees it, or comes after it and
recalls what has not gone out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from backups.services import schedule
from incidents.models import LIVE, EntryKind, Escalation, IncidentState, PageKind
from incidents.services import (
    decisions,
    escalations,
    incidents,
    lifecycle,
    pages,
    quiet,
    recipients,
    severities,
    wording,
)
from incidents.services.decisions import Call, View
from smsops.text import seconds_text

LATE = timedelta(seconds=15)  # beyond that a page says how late it is
LOOK_AGAIN = timedelta(seconds=30)  # while something excuses it


def due() -> list[int]:
    """Escalations that have to be looked at, by id, the longest due first."""
    found = Escalation.objects.filter(ended_at=None, due_at__lte=timezone.now()).order_by("due_at")
    return list(found.values_list("pk", flat=True))


def step(number: int, outage: str = "") -> int:
    """Look at one and do what it has to; return how many pages were written. Of several who try at once one does.

    `outage` says why nobody did it earlier; it goes onto what is late because of it.
    """
    with transaction.atomic():
        escalation = _taken(number)
        return _step(escalation, outage, timezone.now()) if escalation is not None else 0


def _taken(number: int) -> Escalation | None:
    """The escalation, if it is due, locked after its incident; its turn is ours."""
    about = Escalation.objects.filter(pk=number).values_list("incident_id", flat=True).first()
    incident = pages.locked(about)
    found = Escalation.objects.select_for_update().filter(pk=number, ended_at=None, due_at__lte=timezone.now())
    escalation = found.first()
    if escalation is None or incident is None:
        return None
    mine = Escalation.objects.filter(pk=number, turn=escalation.turn).update(turn=escalation.turn + 1)
    escalation.incident = incident
    return escalation if mine else None


def _step(escalation: Escalation, outage: str, now: datetime) -> int:
    incident = escalation.incident
    if incident.state not in LIVE:
        escalations.end(incident)
        return 0
    if excuse := quiet.of(incident, now):
        _wait(escalation, excuse, now)
        return 0
    writer = _Writer(escalation, outage or escalation.excuse, now)
    lapses_at = _lapse(writer)
    decision = decisions.decide(_view(escalation), now)
    nobody = [call.position for call in decision.calls if not writer.page(call)]
    at = now.isoformat()
    paged = escalation.paged | {str(c.position): {"at": at, "times": c.times, "own": c.own} for c in decision.calls}
    known = {int(position) for position in paged}
    brought = [position for position in nobody if decisions.bring(escalation.policy, known, position, now)]
    due_at = now if brought else min((each for each in (decision.due_at, lapses_at) if each is not None), default=None)
    values = {"paged": paged, "due_at": due_at, "policy": escalation.policy, "excuse": ""}
    Escalation.objects.filter(pk=escalation.pk).update(**values)
    return writer.written


def _wait(escalation: Escalation, excuse: str, now: datetime) -> None:
    if excuse != escalation.excuse:
        incidents.note(escalation.incident, EntryKind.PAGE, f"Nobody is paged as long as this holds: {excuse}")
    Escalation.objects.filter(pk=escalation.pk).update(due_at=now + LOOK_AGAIN, excuse=excuse)


def _view(escalation: Escalation) -> View:
    incident = escalation.incident
    return View(
        policy=escalation.policy,
        began_at=escalation.began_at,
        paged=decisions.remembered(escalation.paged),
        facts={fact.kind: min(fact.at, timezone.now()) for fact in incident.facts.all()},
        held=incident.state == IncidentState.ACKNOWLEDGED,
        over=incident.state == IncidentState.MITIGATED,
        zone=schedule.of(incident.environment).time_zone,
        free_since=escalation.free_since,
        response=severities.response(incident.severity),
    )


def _lapse(writer: _Writer) -> datetime | None:
    """An acknowledgement that is too old ends: its owner may be asleep, and is asked. Return when this one will."""
    escalation, incident = writer.escalation, writer.escalation.incident
    minutes, person = escalation.policy["acknowledged_minutes"], incident.acknowledged_by
    if incident.state != IncidentState.ACKNOWLEDGED or not minutes or incident.taken_at is None:
        return None
    ends = incident.taken_at + timedelta(minutes=minutes)
    if ends > writer.now:
        return ends
    lifecycle.lapse(incident, f"It was acknowledged {minutes} minutes ago and is not mitigated.")
    escalation.refresh_from_db(fields=["paged", "free_since"])
    if person is not None and person.is_active:
        writer.write(PageKind.PAGE, wording.lapsed(incident), recipients.of_person(person, incident.severity), 0)
    return None


class _Writer:
    """Writes one step's pages; whoever is asked by one of its levels is not asked again by the next."""

    def __init__(self, escalation: Escalation, why_late: str, now: datetime) -> None:
        self.escalation, self.why_late, self.now = escalation, why_late, now
        self.asked: set[str] = set()
        self.written = 0

    def write(self, kind: str, text: str, to: Iterable[recipients.Recipient], level: int, late: str = "") -> None:
        new = [each for each in to if each.mark not in self.asked]
        self.asked |= {each.mark for each in new}
        key = f"e{self.escalation.pk}.{self.escalation.turn}.l{level}"
        incident = self.escalation.incident
        self.written += pages.write(incident, kind, text, new, key, escalation=self.escalation, level=level, late=late)

    def page(self, call: Call) -> bool:
        """Page a level; whether it reaches anybody."""
        level = next(each for each in self.escalation.policy["levels"] if each["position"] == call.position)
        incident = self.escalation.incident
        reached = recipients.of_level(level, incident.severity, self.now)
        kind, late = PageKind.PAGE if call.times == 1 else PageKind.REMINDER, self._late(call)
        self.write(kind, wording.page(incident, call.position, call.times), reached.recipients, call.position, late)
        if call.times == 1:
            self._tell(call, reached, late)
        return bool(reached.recipients)

    def _late(self, call: Call) -> str:
        by = self.now - call.due
        if by <= LATE:
            return ""
        return f"{seconds_text(by.total_seconds())} late: {self.why_late or 'it could not be done earlier'}"[:200]

    def _tell(self, call: Call, reached: recipients.Reached, late: str) -> None:
        who = f"is paged: {', '.join(reached.names)}." if reached.names else "reaches nobody; the next one is asked."
        gaps = f" But {'; '.join(reached.gaps)}." if reached.gaps else ""
        said = f"Level {call.position} {who}{gaps}{f' It is {late}.' if late else ''}"
        incidents.note(self.escalation.incident, EntryKind.PAGE, said)
