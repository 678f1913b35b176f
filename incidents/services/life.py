"""Signs of life of smsops itself: beat's last tick, the round that pages people, and who last looked at SMS (K8).

Each proves more than itself: the round is rung by beat and done by a worker of the urgent queue, and a look at SMS is
done by a worker beside its engine.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Subquery
from django.utils import timezone

from incidents.models import Pulse, Watch
from incidents.models.watch import FRESH
from incidents.services import sweep
from smsops import wall_clock, zones
from smsops.runs import holders
from smsops.text import age_text

BEAT = "beat"
BEAT_MISSED = timedelta(seconds=30)  # it tells every five seconds


def note_beat() -> None:
    """Beat has just gone through its schedule."""
    Pulse.objects.update_or_create(name=BEAT, defaults={"at": timezone.now(), "by": holders.me()})


def beat_at() -> datetime | None:
    """When beat went through its schedule last; None where it never did."""
    return Pulse.objects.filter(name=BEAT).values_list("at", flat=True).first()


def complaint() -> str:
    """That beat or the workers are dead, in a sentence for every page; empty while all is well, in one query."""
    newest = Watch.objects.order_by(F("looked_at").desc(nulls_last=True)).values("looked_at")[:1]
    found = Pulse.objects.filter(name__in=(sweep.SCHEDULE, BEAT)).values_list("name", "at", Subquery(newest))
    signs = {name: (at, looked) for name, at, looked in found}
    (round_at, looked_at), (beat, _) = (signs.get(name, (None, None)) for name in (sweep.SCHEDULE, BEAT))
    if not wall_clock.lately(round_at, sweep.MISSED):
        return _stopped(round_at, beat)
    if looked_at is None or wall_clock.lately(looked_at, FRESH):
        return ""
    return f"No worker has looked at SMS {_since(looked_at)}: start the workers beside its engine."


def _stopped(round_at: datetime | None, beat: datetime | None) -> str:
    """Beat's own tick tells whether it is beat that is dead, or the workers it rings for."""
    said = sweep.complaint_of(round_at)
    if not said or beat is None:
        return said
    if wall_clock.lately(beat, BEAT_MISSED):
        return f"Beat runs, but no worker answers it. {said}"
    return f"The clock of smsops stopped {age_text(timezone.now() - beat)}: no backup begins by itself. {said}"


def _since(at: datetime) -> str:
    if wall_clock.ahead(at):
        return "since the clock was set back"
    return f"since {zones.kept(at, seconds=True)}"
