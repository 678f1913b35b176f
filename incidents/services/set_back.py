"""After this server's clock was set back: nobody waits for times that the clock of before wrote down (I5).

It is told by a round of sending, or an escalation, that lies ahead. What happened ahead of now counts as happened now,
and what was put off is looked at at once: a step that is not due yet is put off anew, by the clock of today.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from incidents.models import EntryKind, Escalation, Page, PageState, Pulse
from incidents.services import incidents, pages

TOLD = timedelta(minutes=1)  # so far ahead no clock of another machine is
SAID = "The clock of smsops was set back: whom to page next is reckoned anew from now."


def mend() -> int:
    """Bring back what waits; return how many escalations those were. Two questions where nothing lies ahead."""
    now = timezone.now()
    far = now + TOLD
    running = Escalation.objects.filter(ended_at=None)
    before = running.filter(Q(began_at__gt=far) | Q(free_since__gt=far))
    if not Pulse.objects.filter(at__gt=far).exists() and not before.exists():
        return 0
    numbers = list(running.exclude(due_at=None).values_list("pk", flat=True))
    mended = sum(_mend(number) for number in numbers)
    Page.objects.filter(state=PageState.PENDING, next_at__gt=now).update(next_at=now)
    Page.objects.filter(state=PageState.SENDING, claimed_at__gt=now).update(claimed_at=now)
    Pulse.objects.filter(at__gt=now).update(at=now)
    return mended


@transaction.atomic
def _mend(number: int) -> bool:
    """One escalation, locked after its incident."""
    about = Escalation.objects.filter(pk=number).values_list("incident_id", flat=True).first()
    incident = pages.locked(about)
    found = Escalation.objects.select_for_update().filter(pk=number, ended_at=None).first()
    if incident is None or found is None:
        return False
    now = timezone.now()
    values: dict[str, Any] = {"began_at": min(found.began_at, now), "free_since": min(found.free_since, now)}
    paged = {position: {**each, "at": _not_ahead(each["at"], now)} for position, each in found.paged.items()}
    for level in found.policy["levels"]:
        if "brought" in level:
            level["brought"] = _not_ahead(level["brought"], now)
    values |= {"policy": found.policy, "paged": paged}
    Escalation.objects.filter(pk=number).update(due_at=now, turn=found.turn + 1, **values)
    incidents.note(incident, EntryKind.PAGE, SAID)
    return True


def _not_ahead(at: str, now: datetime) -> str:
    return min(datetime.fromisoformat(at), now).isoformat()
