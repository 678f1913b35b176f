"""What alerts need though the schedule is dead; web requests, and those that bring the alerts, see to it (I2).

What is read and missed here is paged for at once: perhaps no other request comes for minutes.
"""

from __future__ import annotations

from datetime import timedelta

from incidents.models import Delivery, DeliveryState
from incidents.services import aging, contradictions, digestion, heartbeats, stepping, sweep
from smsops import wall_clock

UNREAD = timedelta(seconds=15)  # the schedule reads every second


def unread() -> bool:
    """Whether alerts wait that nobody reads."""
    new = Delivery.objects.filter(state=DeliveryState.NEW)
    oldest = new.order_by("pk").values_list("received_at", flat=True).first()
    return oldest is not None and not (sweep.scheduled() and wall_clock.lately(oldest, UNREAD))


def read() -> None:
    """Read them, and page for what they tell."""
    digestion.digest_all()
    _page()


def unwatched() -> bool:
    """Whether nobody looks what time does to alerts, and whether heartbeats come."""
    return not sweep.scheduled()


def watch() -> None:
    """Look once, and page for what is missed."""
    look()
    _page()


def look() -> None:
    """See which alerts and heartbeats have not been heard of for too long, which excuses have ended, and what still
    contradicts that an incident is over."""
    aging.look()
    heartbeats.look()
    contradictions.settle()


def _page() -> None:
    if stepping.due():
        sweep.sweep(sweep.WEB)
