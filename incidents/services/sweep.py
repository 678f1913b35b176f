"""The round that must never stop: steps of escalations that are due, then messages that are due (I5).

Several may do it at once (the schedule, a web request when the schedule is dead, a command): each step and each page is
taken by one. The pulse says when it was done last, and so for how long nobody did it. A step that cannot be done is
told in the log, and costs no other step anything.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from incidents.models import Escalation, Pulse
from incidents.services import outbox, set_back, stepping
from smsops import wall_clock
from smsops.runs import holders
from smsops.text import count_text

log = logging.getLogger(__name__)

SCHEDULE, WEB, COMMAND = "pages", "pages, by web requests", "pages, by a command"
EVERY = timedelta(seconds=5)
MISSED = EVERY * 3  # a gap so long is an outage
STEPS = 100  # done before what they wrote is sent


def sweep(by: str = SCHEDULE) -> int:
    """Do one round; return how many messages went out."""
    outage, due = _outage(), stepping.due()
    sent = 0
    for first in range(0, max(1, len(due)), STEPS):
        for number in due[first : first + STEPS]:
            _step(number, outage)
        _beat(by)
        sent += outbox.send_due()
    return sent


def complaint() -> str:
    """What is wrong with the round, in a sentence; empty when all is well."""
    since = _scheduled_at()
    if wall_clock.lately(since, MISSED):
        return ""
    waiting = "" if since is not None else _in_vain()
    if since is None and not waiting:
        return ""  # it was never needed
    local = timezone.localtime(since) if since is not None else None
    when = f"since {local:%Y-%m-%d %H:%M:%S}" if local is not None else waiting
    when = "since the clock was set back" if wall_clock.ahead(since) else when
    return f"Nobody sends pages {when}: start the worker and beat. Until then only requests like this one do."


def needed() -> bool:
    """Whether somebody else has to do it, because the schedule does not."""
    rounds = list(Pulse.objects.values_list("at", flat=True))
    return not scheduled() and not any(wall_clock.lately(at, EVERY) for at in rounds)


def scheduled() -> bool:
    """Whether the schedule does its round."""
    return wall_clock.lately(_scheduled_at(), MISSED)


def _scheduled_at() -> datetime | None:
    return Pulse.objects.filter(name=SCHEDULE).values_list("at", flat=True).first()


def _in_vain() -> str:
    due = Escalation.objects.filter(ended_at=None, due_at__lt=timezone.now() - MISSED)
    return f"yet, though {count_text(due.count(), 'incident')} would have somebody paged" if due.exists() else ""


def _step(number: int, outage: str) -> None:
    try:
        stepping.step(number, outage)
    except Exception:
        log.exception("escalation %s cannot be moved on", number)


def _outage() -> str:
    """What to say of the time in which nobody did it, if that was too long."""
    last = _last()
    if last is None or _gap(last) is None:
        return ""
    since, now = timezone.localtime(last), timezone.localtime()
    return f"nobody was there to do it from {since:%H:%M:%S} to {now:%H:%M:%S}"


def _last() -> datetime | None:
    found: datetime | None = Pulse.objects.filter(name__in=[SCHEDULE, WEB, COMMAND]).aggregate(last=Max("at"))["last"]
    return found


def _gap(at: datetime | None) -> timedelta | None:
    gap = timezone.now() - at if at is not None else None
    return gap if gap is not None and gap > MISSED else None


def _beat(by: str) -> None:
    set_back.mend()  # by what the last round wrote, before it is written over
    Pulse.objects.update_or_create(name=by, defaults={"at": timezone.now(), "by": holders.me()})
