"""All figures in Prometheus' text format, read from the database when they are asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from incidents.monitoring import copies, itself, paging, sms, trouble, work
from incidents.monitoring.gauges import Gauges
from smsops.models import Environment

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
ROOMS = (sms, copies, work, trouble, paging, itself)


class Now(Collector):
    """How everything is at this moment, in a number of queries that does not depend on how much there is."""

    def collect(self) -> Iterator[Metric]:
        began = time.perf_counter()
        names = list(Environment.objects.values_list("name", flat=True))
        for room in ROOMS:
            yield from room.families(names)
        taken = Gauges(scrape_seconds="How long it took to find all this out")
        taken.add(scrape_seconds=time.perf_counter() - began)
        yield from taken


def exposed() -> bytes:
    """The text. Raises what the database does when it is away."""
    return generate_latest(Now())
