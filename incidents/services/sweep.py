"""The round that must never stop: steps of escalations that are due, then messages that are due (I5).

Several may do it at once (the schedule, a web request when the schedule is dead, a command): each step and each page is
taken by one, so they share the work. The pulse says when it was done last, and so for how long nobody did it. Steps are
done a hundred at a time; one that cannot be done is told in the log, and costs no other step anything.
"""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import datetime, timedelta

from django.db import Error
from django.db.models import Max
from django.utils import timezone

from incidents.models import Escalation, Pulse
from incidents.services import outbox, set_back, stepping
from smsops import wall_clock, zones
from smsops.runs import holders
from smsops.text import count_text

log = logging.getLogger(__name__)

SCHEDULE, WEB, COMMAND = "pages", "pages, by web requests", "pages, by a command"
EVERY = timedelta(seconds=1)  # of the schedule, in smsops/cadence.py
MISSED = timedelta(seconds=15)  # a gap so long is an outage
OTHERS = timedelta(seconds=5)  # for so long one round of whoever else is enough
TOLD = timedelta(seconds=3)  # the pulse is not written more often
LASTS = 30.0  # seconds after which no more is begun: the next round goes on
STEPS = 100  # done together, before what they wrote is sent


def sweep(by: str = SCHEDULE) -> int:
    """Do one round; return how many messages went out."""
    outage, due, ends = _outage(), stepping.due(), time.monotonic() + LASTS
    sent = 0
    while True:
        now, due = due[:STEPS], due[STEPS:]
        if now:
            _step(now, outage)
        _beat(by)
        sent += outbox.send_due()
        if not due or time.monotonic() > ends:
            return sent


def complaint() -> str:
    """What is wrong with the round, in a sentence; empty when all is well."""
    return complaint_of(_scheduled_at())


def complaint_of(since: datetime | None) -> str:
    """The same where it is known since when the schedule has not done it."""
    if wall_clock.lately(since, MISSED):
        return ""
    waiting = "" if since is not None else _in_vain()
    if since is None and not waiting:
        return ""  # it was never needed
    when = f"since {zones.kept(since, seconds=True)}" if since is not None else waiting
    when = "since the clock was set back" if wall_clock.ahead(since) else when
    return f"Nobody sends pages {when}: start the worker and beat. Until then only requests like this one do."


def needed() -> bool:
    """Whether somebody else has to do it, because the schedule does not."""
    # Not by beat's own tick: where it lives and no worker does, nobody else sends.
    rounds = list(Pulse.objects.filter(name__in=(WEB, COMMAND)).values_list("at", flat=True))
    return not scheduled() and not any(wall_clock.lately(at, OTHERS) for at in rounds)


def scheduled() -> bool:
    """Whether the schedule does its round."""
    return wall_clock.lately(_scheduled_at(), MISSED)


def _scheduled_at() -> datetime | None:
    return Pulse.objects.filter(name=SCHEDULE).values_list("at", flat=True).first()


def _in_vain() -> str:
    due = Escalation.objects.filter(ended_at=None, due_at__lt=timezone.now() - MISSED)
    return f"yet, though {count_text(due.count(), 'incident')} would have somebody paged" if due.exists() else ""


def _step(numbers: list[int], outage: str) -> None:
    """Do these steps; where one cannot be done, the others without it."""
    try:
        stepping.step_all(numbers, outage)
    except Exception:
        half = len(numbers) // 2
        if half:
            _step(numbers[:half], outage)
            _step(numbers[half:], outage)
            return
        log.exception("escalation %s cannot be moved on", numbers[0])
        with contextlib.suppress(Error):
            stepping.put_off(numbers[0])


def _outage() -> str:
    """What to say of the time in which nobody did it, if that was too long."""
    last = _last()
    if last is None or _gap(last) is None:
        return ""
    since, now = zones.in_house(last), zones.in_house(timezone.now())
    return f"nobody was there to do it from {since:%H:%M:%S} to {now:%H:%M:%S}"


def _last() -> datetime | None:
    found: datetime | None = Pulse.objects.filter(name__in=[SCHEDULE, WEB, COMMAND]).aggregate(last=Max("at"))["last"]
    return found


def _gap(at: datetime | None) -> timedelta | None:
    gap = timezone.now() - at if at is not None else None
    return gap if gap is not None and gap > MISSED else None


def _beat(by: str) -> None:
    set_back.mend()  # by what the last round wrote, before it is written over
    now = timezone.now()
    if not Pulse.objects.filter(name=by, at__gt=now - TOLD, at__lte=now).exists():
        Pulse.objects.update_or_create(name=by, defaults={"at": now, "by": holders.me()})
