"""Who is on call: by turns that change at the same time of day whatever the clocks do, and by who stands in (I5)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from incidents.models import Rota


def on_call(rota: Rota, at: datetime) -> User | None:
    """The person who is on call then; None where the rota has nobody who may sign in any more."""
    overrides = rota.overrides.filter(starts_at__lte=at, ends_at__gt=at, user__is_active=True)
    stand_in = overrides.select_related("user").order_by("-starts_at", "-pk").first()
    if stand_in is not None:
        return stand_in.user
    members = [place.user for place in rota.places.select_related("user") if place.user.is_active]
    return members[turn(rota, at) % len(members)] if members else None


def turn(rota: Rota, at: datetime) -> int:
    """How many turns ended before that moment; negative before the first."""
    local = at.astimezone(ZoneInfo(rota.zone))
    days = (local.date() - rota.starts_on).days - (local.time() < rota.handover)
    return days // rota.every_days
