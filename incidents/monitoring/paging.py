"""Whether messages go out, whether somebody does the round that sends them, and what waits to be read.

What is late or does not go out is counted for everything, private incidents too: it has to be told, and says nothing of
what it is about. What is as it should be is counted without them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client import Metric

from incidents.models import LIVE, Delivery, DeliveryState, Escalation, Page, PageKind, PageState, Pulse
from incidents.monitoring.gauges import Gauges
from incidents.services import sweep

BY = {sweep.SCHEDULE: "schedule", sweep.WEB: "web", sweep.COMMAND: "command"}


def families(names: Sequence[str]) -> Iterator[Metric]:
    """In five queries."""
    told = "When the round that escalates and sends was done last, and by what"
    rounds = Gauges(("by",), round_timestamp_seconds=told)
    for name, at in Pulse.objects.filter(name__in=BY).values_list("name", "at"):
        rounds.add(BY[name], round_timestamp_seconds=at)
    yield from rounds
    yield from _waiting()


def _waiting() -> Gauges:
    now = timezone.now()
    gauges = Gauges(
        pages_due="Messages whose time has come, and that are not sent yet",
        pages_due_seconds="For how long the oldest of them has been due",
        pages_retried="Messages that did not go out, and are tried again",
        pages_undelivered="Messages of incidents that are not over which were given up",
        escalations_live="Incidents that are being escalated; without private ones",
        escalations_overdue="Incidents whose next step of escalation is late; private ones too",
        deliveries_unread="Deliveries of alerts that are stored, and not read yet",
        deliveries_unread_seconds="For how long the oldest of them has been waiting",
    )
    due = Q(next_at__lte=now)
    pages = Page.objects.filter(state=PageState.PENDING).aggregate(
        due=Count("pk", due), oldest=Min("next_at", filter=due), again=Count("pk", Q(attempts__gt=0))
    )
    given_up = Page.objects.filter(state=PageState.FAILED, incident__state__in=LIVE).exclude(kind=PageKind.NEWS)
    late = Q(due_at__lt=now - sweep.MISSED)
    seen = Q(incident__private=False)
    steps = Escalation.objects.filter(ended_at=None).aggregate(live=Count("pk", seen), late=Count("pk", late))
    unread = Delivery.objects.filter(state=DeliveryState.NEW).aggregate(count=Count("pk"), oldest=Min("received_at"))
    gauges.add(
        pages_due=pages["due"],
        pages_due_seconds=now - (pages["oldest"] or now),
        pages_retried=pages["again"],
        pages_undelivered=given_up.count(),
        escalations_live=steps["live"],
        escalations_overdue=steps["late"],
        deliveries_unread=unread["count"],
        deliveries_unread_seconds=now - (unread["oldest"] or now),
    )
    return gauges
