"""The clocks of an incident, corrected by people: what was noted stays, and nothing is ever out of order (I4)."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from incidents import signals
from incidents.models import Clock, ClockCorrection, EntryKind, Incident, IncidentState
from incidents.services import incidents, pages
from smsops import zones
from smsops.errors import WrongUse
from smsops.redact import redact

_ENDED = (IncidentState.RESOLVED, IncidentState.CLOSED)
PASSED = {  # the states in which a clock may have a moment; the first two always may
    Clock.ACKNOWLEDGED: (IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED, *_ENDED),
    Clock.MITIGATED: (IncidentState.MITIGATED, *_ENDED),
    Clock.RESOLVED: _ENDED,
}


def correctable(incident: Incident) -> list[Clock]:
    """Those that can be set: those it has, and those the state it is in may have."""
    return [each for each in Clock if each not in PASSED or incident.state in PASSED[each] or getattr(incident, each)]


@transaction.atomic
def correct(incident: Incident, clock: str, to: datetime, user: User, reason: str) -> ClockCorrection:
    """Set a clock to another moment, with a trace. WrongUse without a reason, for the future, for one that was not
    passed yet, and for a moment that would be out of order."""
    which, why = Clock(clock), reason.strip()
    held = pages.locked(incident.pk) or incident
    if not why:
        raise WrongUse("Say why the clock was wrong.")
    if which not in correctable(held):
        raise WrongUse(
            f"It is {held.get_state_display().lower()}: nobody can say yet when it was {which.label.lower()}."
        )
    if to > timezone.now():
        raise WrongUse(f"{_told(to)} is in the future.")
    was: datetime | None = getattr(held, which)
    if was == to:
        raise WrongUse(f"{which.label} is {_told(to)} already.")
    _in_order(held, which, to)
    Incident.objects.filter(pk=held.pk).update(**{which: to})
    setattr(incident, which, to)
    made = ClockCorrection.objects.create(
        incident=incident, clock=which, was=was, now=to, reason=redact(why), author=user.get_username()
    )
    before = f"from {zones.kept(was, seconds=True)} " if was is not None else ""
    said = f"{which.label} corrected {before}to {zones.kept(to, seconds=True)}. {why}"
    incidents.note(incident, EntryKind.ACTION, said, author=user.get_username())
    signals.clock_corrected.send(Incident, incident=incident, correction=made)
    return made


def _in_order(incident: Incident, which: Clock, to: datetime) -> None:
    order = list(Clock)
    for each in order:
        at: datetime | None = getattr(incident, each)
        if at is None or each == which:
            continue
        before = order.index(each) < order.index(which)
        if (before and at > to) or (not before and at < to):
            side = "before" if before else "after"
            raise WrongUse(f"{_told(to)} is {side} it was {each.label.lower()} ({_told(at)}).")


def _told(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"
