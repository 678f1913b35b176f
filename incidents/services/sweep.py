"""The round that must never stop: steps of escalations that are due, then messages that are due (I5).

Several may do it at once (the schedule, a web request when the schedule is dead, a command): each step and each page is
claimed by one. The pulse says when it was done last, and so for how long nobody did it.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from incidents.models import Pulse
from incidents.services import escalations, outbox
from smsops.runs import holders

NAME = "pages"
EVERY = timedelta(seconds=5)
MISSED = EVERY * 3  # a gap so long is an outage


def sweep() -> int:
    """Do one round; return how many messages went out."""
    outage = _beat()
    for number in escalations.due():
        escalations.step(number, outage)
    return outbox.send_due()


def late() -> timedelta | None:
    """For how long nobody has done it, where that is too long; None when all is well."""
    at = Pulse.objects.filter(name=NAME).values_list("at", flat=True).first()
    gap = timezone.now() - at if at is not None else None
    return gap if gap is not None and gap > MISSED else None


def _beat() -> str:
    """Say that it is done now; return what to say of the time in which it was not, if that was too long."""
    now = timezone.now()
    pulse, new = Pulse.objects.get_or_create(name=NAME, defaults={"at": now, "by": holders.me()})
    gap = now - pulse.at
    Pulse.objects.filter(pk=pulse.pk).update(at=now, by=holders.me())
    if new or gap <= MISSED:
        return ""
    return (
        f"nobody was there to do it from {timezone.localtime(pulse.at):%H:%M:%S} to {timezone.localtime(now):%H:%M:%S}"
    )
