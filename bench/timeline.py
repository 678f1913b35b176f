"""The page of an incident with five thousand lines: how long the server takes for it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import timedelta

from bench.table import Row, seconds

ENTRIES, BAR = 5000, 0.3  # seconds
TIMES = 15


def rows() -> Iterator[Row]:
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    incident, client = _incident(), Client()
    client.force_login(_person())  # type: ignore[arg-type]
    address = incident.get_absolute_url()  # type: ignore[attr-defined]
    client.get(address)  # templates are read once
    for name, where in (("first", address), ("last", f"{address}?entries={ENTRIES // 50}")):
        took = sorted(seconds(lambda where=where: _opened(client, where)) for _ in range(TIMES))  # type: ignore[misc]
        what = f"An incident with {ENTRIES:,} timeline entries, its {name} page"
        yield Row(f"{what}: server time, median of {TIMES}", statistics.median(took), "s", BAR)
        yield Row(f"{what}: the slowest of {TIMES}", took[-1], "s", BAR)


def _opened(client: object, address: str) -> None:
    answer = client.get(address)  # type: ignore[attr-defined]
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")


def _person() -> object:
    from django.contrib.auth.models import User

    return User.objects.get_or_create(username="reader", is_staff=True, is_superuser=True)[0]


def _incident() -> object:
    from incidents.models import Severity, TimelineEntry
    from incidents.services import incidents
    from incidents.services.incidents import Sign
    from smsops.models import Environment

    nowhere = {"data_path": "/nowhere", "releases_path": "/nowhere", "base_url": "http://127.0.0.1:9", "host_port": 9}
    environment, _ = Environment.objects.get_or_create(name="demo", defaults={"runtime": "process", **nowhere})
    incident, _ = incidents.report(environment, Sign("long", Severity.HIGH, "It takes long", "Slow."))
    entries = (
        TimelineEntry(
            incident=incident, at=incident.detected_at + timedelta(seconds=number),
            kind="note" if number % 7 else "sign",
            text=f"Request {number} took {number % 900} ms; " * 4, author="ada" if number % 3 else "",
        )
        for number in range(ENTRIES)
    )  # fmt: skip
    TimelineEntry.objects.bulk_create(entries, batch_size=1000)
    return incident
