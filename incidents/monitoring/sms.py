"""How SMS was when it was looked at last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import F
from django.utils import timezone
from prometheus_client import Metric

from incidents.models import Watch
from incidents.models.watch import UNKNOWN
from incidents.monitoring.gauges import Gauges


def families(names: Sequence[str]) -> Iterator[Metric]:
    """In one query. One that was not looked at lately is unknown, whatever was seen then."""
    now = timezone.now()
    all_ = Gauges(environments="Environments under care")
    all_.add(environments=len(names))
    seen = Gauges(
        ("environment",),
        sms_serving="Whether SMS is healthy and ready (1) or not (0); absent while nobody knows or none is installed",
        sms_response_seconds="How long /health took when it was asked last",
        sms_looked_timestamp_seconds="When smsops looked at SMS last",
        sms_restarts="Restarts of the running instance by its engine",
    )
    words = Gauges(("environment", "status"), sms_status="The word for how SMS is now; always 1")
    releases = Gauges(("environment", "release"), release_info="The release that runs; always 1")
    for watch in Watch.objects.annotate(name=F("environment__name")).order_by("name"):
        word = watch.word(now)
        words.add(watch.name, word, sms_status=1)
        seen.add(
            watch.name,
            sms_serving=None if word in (UNKNOWN, "absent") else word == "healthy",
            sms_response_seconds=watch.response_ms / 1000 if watch.asked_at else None,
            sms_looked_timestamp_seconds=watch.looked_at,
            sms_restarts=watch.restarts,
        )
        if watch.release:
            releases.add(watch.name, watch.release, release_info=1)
    for gauges in (all_, seen, words, releases):
        yield from gauges
