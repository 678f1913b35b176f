"""Trouble that goes and comes back: one incident, marked, that is over once all has been well for a while (I1)."""

from __future__ import annotations

import contextlib
from datetime import datetime

from django.utils import timezone

from incidents.detection import thresholds
from incidents.models import EntryKind, Incident, IncidentState
from incidents.services import incidents, lifecycle
from incidents.services.incidents import Sign
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.text import count_text


def reopened(environment: Environment, sign: Sign) -> Incident | None:
    """The incident of the same cause that smsops itself called over a short while ago, open again; None where there is
    none. What a person called over stays so, and what was closed as well."""
    window = thresholds.of(environment).flap
    same = Incident.objects.filter(environment=environment, fingerprint=sign.fingerprint, drill=sign.drill)
    ended = same.filter(state=IncidentState.RESOLVED, resolved_at__gt=timezone.now() - window)
    last = ended.order_by("-resolved_at").first() if window else None
    if last is None or _by_a_person(last):
        return None
    with contextlib.suppress(WrongUse):  # somebody was faster, or it has another incident already
        lifecycle.relapse(last, f"It has come back: {sign.title}.")
        return last
    return None


def end(incident: Incident, text: str, well_since: datetime | None, sign: str = "") -> bool:
    """Call it over, after `sign` on its timeline, if all was well for long enough where it flaps; else say so, once.
    Whether it is over."""
    steady = thresholds.of(incident.environment).steady
    if incident.flapping and (well_since is None or timezone.now() - well_since < steady):
        minutes = count_text(round(steady.total_seconds() / 60), "minute")
        _say(incident, f"{text} It flaps: over once that lasts for {minutes}.")
        return False
    if sign:
        incidents.note(incident, EntryKind.SIGN, sign)
    with contextlib.suppress(WrongUse):  # a person was faster
        lifecycle.resolve(incident, text)
    return True


def _say(incident: Incident, text: str) -> None:
    last = incident.timeline.filter(kind=EntryKind.SIGN).last()
    if last is None or last.text != text:
        incidents.note(incident, EntryKind.SIGN, text)


def _by_a_person(incident: Incident) -> bool:
    last = incident.timeline.filter(kind=EntryKind.STATE).last()
    return last is not None and bool(last.author)
