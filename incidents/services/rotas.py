"""Who is on call: by turns that change at the same time of day whatever the clocks do, and by who stands in (I5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from incidents.models import Override, Rota

WITH = ("places__user__contacts", "overrides__user__contacts")  # what is asked of a rota; fetch it together


@dataclass(frozen=True)
class Turn:
    """Somebody's time on call; `person` is None where nobody is."""

    person: User | None
    starts: datetime
    ends: datetime
    override: Override | None = None

    @property
    def span(self) -> str:
        """From when to when, in the rota's zone."""
        return f"{self.starts:%a %Y-%m-%d %H:%M} - {self.ends:%a %Y-%m-%d %H:%M} {self.ends:%Z}"


def on_call(rota: Rota, at: datetime) -> User | None:
    """The person who is on call then; None where the rota has nobody who may sign in any more.

    Whoever may not is passed over, and the others keep their turns.
    """
    stand_in = _stand_in(rota, at)
    if stand_in is not None:
        return stand_in.user
    places = list(rota.places.all())
    first = turn(rota, at) % len(places) if places else 0
    return next((place.user for place in places[first:] + places[:first] if place.user.is_active), None)


def turn(rota: Rota, at: datetime) -> int:
    """How many turns ended before that moment; negative before the first. A handover that a clock shows twice happens
    the first time; one that it leaves out, an hour later."""
    today = at.astimezone(ZoneInfo(rota.zone)).date()
    changes = datetime.combine(today, rota.handover, ZoneInfo(rota.zone)).astimezone(UTC)
    return ((today - rota.starts_on).days - (at < changes)) // rota.every_days


def turns(rota: Rota, since: datetime, until: datetime) -> list[Turn]:
    """Who is on call from then to then, in order, each as long as nothing changes."""
    changes = sorted({since, until, *(each for each in _changes(rota, since, until) if since < each < until)})
    zone, found = ZoneInfo(rota.zone), list[Turn]()
    for starts, ends in pairwise(changes):
        person, override = on_call(rota, starts), _stand_in(rota, starts)
        if found and (found[-1].person, found[-1].override) == (person, override):
            starts = found.pop().starts
        found.append(Turn(person, starts.astimezone(zone), ends.astimezone(zone), override))
    return found


def _stand_in(rota: Rota, at: datetime) -> Override | None:
    """The override that counts: of several the one that began last."""
    standing = [each for each in rota.overrides.all() if each.starts_at <= at < each.ends_at and each.user.is_active]
    return max(standing, key=lambda each: (each.starts_at, each.pk), default=None)


def _changes(rota: Rota, since: datetime, until: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(rota.zone)
    day = since.astimezone(zone).date()
    while day <= until.astimezone(zone).date():
        yield datetime.combine(day, rota.handover, zone).astimezone(UTC)
        day += timedelta(days=1)
    for override in rota.overrides.all():
        yield from (override.starts_at, override.ends_at)
