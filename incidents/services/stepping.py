"""Steps of escalations: what time has brought, written down (I5).

A step and the messages it sends are one transaction, so a worker that dies at any point has done all of it or nothing.
The incident is locked meanwhile: whoever acknowledges it was before the step, which sees it, or comes after it and
recalls what has not gone out. Many steps are done in one transaction, with the look-ups of one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from backups.services import schedule
from incidents.models import LIVE, Escalation, IncidentState, PageKind
from incidents.services import claims, decisions, escalations, lifecycle, quiet, recipients, severities, wording
from incidents.services.decisions import Decision, View
from incidents.services.directory import Directory, Level
from incidents.services.step_words import StepWords, put
from incidents.services.wording import Seen
from smsops.text import count_text

LOOK_AGAIN = timedelta(seconds=30)  # while something excuses it
FAILED = timedelta(seconds=5)  # after a step that could not be done


def due() -> list[int]:
    """Escalations that have to be looked at, by id, the longest due first."""
    found = Escalation.objects.filter(ended_at=None, due_at__lte=timezone.now()).order_by("due_at")
    return list(found.values_list("pk", flat=True))


def put_off(number: int) -> None:
    """Look at one that could not be done again a little later, not with every round."""
    at = timezone.now() + FAILED
    Escalation.objects.filter(pk=number, ended_at=None, due_at__lt=at).update(due_at=at)


def step(number: int, outage: str = "") -> int:
    """Look at one and do what it has to; return how many pages were written. Of several who try at once one does.

    `outage` says why nobody did it earlier; it goes onto what is late because of it.
    """
    return step_all([number], outage, wait=True)


@transaction.atomic
def step_all(numbers: Collection[int], outage: str = "", *, wait: bool = False) -> int:
    """The same of many: of all of them or, where one cannot be done, of none. Those whose incident somebody holds just
    now are left out, unless they are waited for."""
    taken = claims.take(numbers, wait=wait)
    for each in taken:
        if each.incident.state not in LIVE:
            escalations.end(each.incident)
    now = timezone.now()
    steps = [_Step(each, outage, now) for each in taken if each.incident.state in LIVE]
    return _done(steps, now) if steps else 0


def _done(steps: list[_Step], now: datetime) -> int:
    excuses = quiet.of_each((each.incident for each in steps), now)
    responses = severities.responses()
    for each in steps:
        if excuse := excuses[each.incident.pk]:
            each.wait(excuse)
        else:
            each.decide(responses[each.incident.severity])
    directory = Directory(level for each in steps for level in each.levels.values())
    seen = wording.seen(each.incident for each in steps if each.levels)
    for each in steps:
        each.page(directory, seen)
    claims.move_on([each.escalation for each in steps])
    return put(each.words for each in steps)


class _Step:
    """What one escalation has to do now; `levels` are those it pages."""

    def __init__(self, escalation: Escalation, outage: str, now: datetime) -> None:
        self.escalation, self.incident, self.now = escalation, escalation.incident, now
        self.words = StepWords(escalation, outage or escalation.excuse, now)
        self.decision = Decision()
        self.levels: dict[int, Level] = {}

    def wait(self, excuse: str) -> None:
        """Page nobody, say so once, and look again soon."""
        if excuse != self.escalation.excuse:
            self.words.note(f"Nobody is paged as long as this holds: {excuse}")
        self.escalation.due_at, self.escalation.excuse = self.now + LOOK_AGAIN, excuse

    def decide(self, response: timedelta) -> None:
        """See what is to be done now, and when to look again."""
        lapses_at = _lapse(self.words)
        self.decision = decisions.decide(_view(self.escalation, response), self.now)
        calls = {call.position for call in self.decision.calls}
        self.levels = {each["position"]: each for each in self.escalation.policy["levels"] if each["position"] in calls}
        later = [each for each in (self.decision.due_at, lapses_at) if each is not None]
        self.escalation.due_at, self.escalation.excuse = min(later, default=None), ""

    def page(self, directory: Directory, seen: Mapping[int, Seen]) -> None:
        """Page the levels; one that reaches nobody brings the next at once."""
        escalation, incident, nobody = self.escalation, self.incident, list[int]()
        for call in self.decision.calls:
            reached = directory.reached(self.levels[call.position], incident.severity, self.now)
            self.words.page(call, reached, wording.page(incident, call.position, call.times, seen[incident.pk]))
            if not reached.recipients:
                nobody.append(call.position)
        at = self.now.isoformat()
        escalation.paged |= {
            str(call.position): {"at": at, "times": call.times, "own": call.own} for call in self.decision.calls
        }
        known = {int(position) for position in escalation.paged}
        if [position for position in nobody if decisions.bring(escalation.policy, known, position, self.now)]:
            escalation.due_at = self.now


def _view(escalation: Escalation, response: timedelta) -> View:
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
        response=response,
    )


def _lapse(words: StepWords) -> datetime | None:
    """An acknowledgement that is too old ends: its owner may be asleep, and is asked. Return when this one will."""
    escalation, incident = words.escalation, words.escalation.incident
    minutes = escalation.policy["acknowledged_minutes"]
    if incident.state != IncidentState.ACKNOWLEDGED or not minutes or incident.taken_at is None:
        return None
    ends = incident.taken_at + timedelta(minutes=minutes)
    if ends > words.now:
        return ends
    person = incident.acknowledged_by
    lifecycle.lapse(incident, f"It was acknowledged {count_text(minutes, 'minute')} ago and is not mitigated.")
    escalation.refresh_from_db(fields=["paged", "free_since"])
    if person is not None and person.is_active:
        words.write(PageKind.PAGE, wording.lapsed(incident), recipients.of_person(person, incident.severity), 0)
    return None
