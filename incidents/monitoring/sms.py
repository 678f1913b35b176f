"""How SMS was when it was looked at last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils import timezone
from prometheus_client import Metric

from incidents.monitoring.gauges import Gauges
from incidents.selectors import STALE
from smsops import wall_clock
from smsops.models import Environment


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
    rows = Environment.objects.filter(watch__isnull=False).values_list(
        "name", "watch__status", "watch__ready", "watch__looked_at", "watch__asked_at", "watch__response_ms",
        "watch__restarts", "watch__release",
    )  # fmt: skip
    for name, status, ready, looked_at, asked_at, response, restarts, release in rows:
        word = _word(status, ready, looked_at, now)
        words.add(name, word, sms_status=1)
        seen.add(
            name,
            sms_serving=None if word in ("unknown", "absent") else word == "healthy",
            sms_response_seconds=response / 1000 if asked_at else None,
            sms_looked_timestamp_seconds=looked_at,
            sms_restarts=restarts,
        )
        if release:
            releases.add(name, release, release_info=1)
    for gauges in (all_, seen, words, releases):
        yield from gauges


def _word(status: str, ready: bool, looked_at: datetime | None, now: datetime) -> str:
    """As the pages have it (selectors.Status.health)."""
    if not wall_clock.lately(looked_at, STALE, now):
        return "unknown"
    return status if ready or status != "healthy" else "not ready"
