"""Escalations: begun with an incident, moved by time, facts and people, ended with it (I5).

Everything here is rows: a step and the messages it sends are written in one transaction, so a worker that dies at any
point has done all of a step or nothing. Whoever comes next does it; the sender sends what is written (outbox.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents.models import (
    LIVE,
    ORDER,
    EntryKind,
    Escalation,
    Incident,
    IncidentState,
    Page,
    PageKind,
    PageState,
    Severity,
)
from incidents.services import decisions, incidents, lifecycle, policies, quiet, recipients, wording
from incidents.services.decisions import Call, Paged, View
from incidents.services.recipients import Recipient
from smsops.text import seconds_text

LATE = timedelta(seconds=15)  # beyond that a page says how late it is
LOOK_AGAIN = timedelta(seconds=30)  # while something excuses it


def begin(incident: Incident) -> Escalation | None:
    """Start one, if a policy fits and it is bad enough; the first level is paged by the next sweep. Called within the
    transaction that opens (or reopens) the incident."""
    policy = policies.choose(incident)
    if policy is None or incident.drill or ORDER[Severity(incident.severity)] < ORDER[Severity(policy.least)]:
        return None
    if (running := of(incident)) is not None:
        return running
    return Escalation.objects.create(incident=incident, policy=policies.freeze(policy), due_at=timezone.now())


def of(incident: Incident) -> Escalation | None:
    """The one that runs."""
    return Escalation.objects.filter(incident=incident, ended_at=None).first()


def hurry(incident: Incident) -> None:
    """Something has changed: look at it with the next sweep."""
    Escalation.objects.filter(incident=incident, ended_at=None).update(due_at=timezone.now())


def skip_ahead(incident: Incident) -> None:
    """The first level that waits for its time, and was not paged yet, waits no longer."""
    escalation = Escalation.objects.select_for_update().filter(incident=incident, ended_at=None).first()
    if escalation is None:
        return
    policy = escalation.policy
    waiting = [each for each in policy["levels"] if str(each["position"]) not in escalation.paged]
    for level in waiting[:1]:
        level["after_minutes"] = 0
    Escalation.objects.filter(pk=escalation.pk).update(policy=policy, due_at=timezone.now())


def end(incident: Incident) -> None:
    """Page nobody any more."""
    Escalation.objects.filter(incident=incident, ended_at=None).update(ended_at=timezone.now(), due_at=None)
    recall(incident)


def recall(incident: Incident) -> None:
    """What has not gone out and asks somebody to act is not needed any more."""
    waiting = Page.objects.filter(incident=incident, state=PageState.PENDING)
    waiting.filter(kind__in=[PageKind.PAGE, PageKind.REMINDER]).update(state=PageState.CANCELLED)


def due() -> list[int]:
    """Escalations that have to be looked at, by id, the longest due first."""
    found = Escalation.objects.filter(ended_at=None, due_at__lte=timezone.now()).order_by("due_at")
    return list(found.values_list("pk", flat=True))


def step(number: int, outage: str = "") -> int:
    """Look at one and do what it has to; return how many pages were written. Of several who try at once one does.

    `outage` says why nobody did it earlier; it goes onto what is late because of it.
    """
    with transaction.atomic():
        found = Escalation.objects.select_for_update().filter(pk=number, ended_at=None, due_at__lte=timezone.now())
        escalation = found.select_related("incident__environment").first()
        if escalation is None:
            return 0
        turn = Escalation.objects.filter(pk=number, turn=escalation.turn).update(turn=escalation.turn + 1)
        return _step(escalation, outage, timezone.now()) if turn else 0


def _step(escalation: Escalation, outage: str, now: datetime) -> int:
    incident = escalation.incident
    if incident.state not in LIVE:
        end(incident)
        return 0
    if quiet.of(incident, now):
        Escalation.objects.filter(pk=escalation.pk).update(due_at=now + LOOK_AGAIN)
        return 0
    lapses_at = _lapse(escalation, now)
    view = _view(escalation)
    decision = decisions.decide(view, now)
    written = sum(_page(escalation, call, outage, now) for call in decision.calls)
    paged = escalation.paged | {str(c.position): {"at": now.isoformat(), "times": c.times} for c in decision.calls}
    due_at = min((moment for moment in (decision.due_at, lapses_at) if moment is not None), default=None)
    Escalation.objects.filter(pk=escalation.pk).update(paged=paged, due_at=due_at)
    return written


def _view(escalation: Escalation) -> View:
    incident = escalation.incident
    return View(
        policy=escalation.policy,
        began_at=escalation.began_at,
        paged={int(key): Paged(datetime.fromisoformat(p["at"]), p["times"]) for key, p in escalation.paged.items()},
        facts={fact.kind: fact.at for fact in incident.facts.all()},
        held=incident.state == IncidentState.ACKNOWLEDGED,
        over=incident.state == IncidentState.MITIGATED,
    )


def _lapse(escalation: Escalation, now: datetime) -> datetime | None:
    """An acknowledgement that is too old ends: whoever has it may be asleep. Return when this one will."""
    incident, minutes = escalation.incident, escalation.policy["acknowledged_minutes"]
    if incident.state != IncidentState.ACKNOWLEDGED or not minutes or incident.acknowledged_at is None:
        return None
    ends = incident.acknowledged_at + timedelta(minutes=minutes)
    if ends > now:
        return ends
    lifecycle.lapse(incident, f"It was acknowledged {minutes} minutes ago and is not mitigated.")
    for paged in escalation.paged.values():
        paged["times"] = 0
        paged["at"] = (now - timedelta(minutes=escalation.policy["nag_minutes"])).isoformat()
    return None


def _page(escalation: Escalation, call: Call, outage: str, now: datetime) -> int:
    level = next(each for each in escalation.policy["levels"] if each["position"] == call.position)
    incident = escalation.incident
    reached = recipients.of_level(level, incident.severity, now)
    late = _late(call, outage, now)
    kind = PageKind.PAGE if call.times == 1 else PageKind.REMINDER
    text = wording.page(incident, call.position, call.times)
    pages = write(incident, kind, text, reached.recipients, f"e{escalation.pk}.{escalation.turn}.l{call.position}",
                  escalation=escalation, level=call.position, late=late)  # fmt: skip
    if call.times == 1:
        _tell(incident, call, reached, late)
    return pages


def _late(call: Call, outage: str, now: datetime) -> str:
    by = now - call.due
    if by <= LATE:
        return ""
    return f"{seconds_text(by.total_seconds())} late: {outage or 'it could not be done earlier'}"[:200]


def _tell(incident: Incident, call: Call, reached: recipients.Reached, late: str) -> None:
    names = sorted({str(r.user or r.channel) for r in reached.recipients})
    told = f"Level {call.position} is paged: {', '.join(names)}." if names else f"Level {call.position} reaches nobody."
    gaps = f" But {'; '.join(reached.gaps)}." if reached.gaps else ""
    incidents.note(incident, EntryKind.PAGE, f"{told}{gaps}{f' It is {late}.' if late else ''}")


def write(incident: Incident, kind: str, text: str, to: Iterable[Recipient], key: str, **fields: Any) -> int:
    """Write messages down to be sent; one with a key that is there already is left as it is."""
    now = timezone.now()
    pages = [
        Page(
            incident=incident, kind=kind, text=text, user=each.user, contact=each.contact, channel=each.channel,
            key=f"{key}.{each.mark}", due_at=now + each.after, next_at=now + each.after, **fields,
        )
        for each in to
    ]  # fmt: skip
    Page.objects.bulk_create(pages, ignore_conflicts=True)
    return len(pages)


def told(incident: Incident) -> list[Recipient]:
    """Whoever was paged about it, by the ways that were used: they learn how it goes on."""
    pages = Page.objects.filter(incident=incident, kind__in=[PageKind.PAGE, PageKind.REMINDER])
    sent = pages.filter(state__in=[PageState.SENT, PageState.SENDING]).select_related("user", "contact", "channel")
    found = {}
    for page in sent:
        recipient = Recipient(page.user, page.contact, page.channel)
        found[recipient.mark] = recipient
    return list(found.values())
