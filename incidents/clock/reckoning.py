"""Looks at the ways back beside the engine, for a bounded time, and writes down what it saw (I9).

No page asks an engine: it reads this, and says how old it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.utils import timezone

from backups.models import Backup
from backups.services import losses
from incidents.clock import asking, reading, words
from incidents.models import LIVE, Incident, Reckoning
from incidents.services.together import within
from smsops import wall_clock
from smsops.errors import OpsError
from smsops.models import Environment

BOUND = 5.0  # seconds for all questions together
HELD = timedelta(seconds=20)  # until then nobody else looks
EVERY, SELDOM = timedelta(minutes=1), timedelta(minutes=15)
YOUNG = timedelta(hours=2)  # an incident that lasts longer is looked at seldom
MOST = 20  # incidents in one round: many at once are one trouble, and the workers have other things to do


def due() -> list[tuple[int, str]]:
    """Live incidents whose ways are to be looked at, and the queues beside their engines; new ones get their rows."""
    for incident in Incident.objects.filter(state__in=LIVE, reckoning__isnull=True):
        Reckoning.objects.get_or_create(incident=incident)
    wall_clock.bring_back(Reckoning.objects.filter(incident__state__in=LIVE), "next_at", SELDOM)
    found = Reckoning.objects.filter(incident__state__in=LIVE, next_at__lte=timezone.now()).order_by("next_at")
    return list(found.values_list("incident_id", "incident__environment__queue")[:MOST])


def soon(environment: Environment) -> None:
    """What was seen is not true any more: look again."""
    found = Reckoning.objects.filter(incident__environment=environment, incident__state__in=LIVE)
    found.update(next_at=timezone.now())


def reckon(number: int) -> Reckoning | None:
    """Look at the ways of that incident; None where it is not due, or somebody else looks."""
    now = timezone.now()
    mine = Reckoning.objects.filter(incident_id=number, incident__state__in=LIVE, next_at__lte=now)
    if not mine.update(next_at=now + HELD):
        return None
    return look(Incident.objects.select_related("environment").get(pk=number))


def look(incident: Incident) -> Reckoning:
    """Look at once, for BOUND seconds at most. What could not be seen now stays as it was seen last, and says so."""
    now, began = timezone.now(), monotonic()
    row, _ = Reckoning.objects.get_or_create(incident=incident)
    ways = _seen(incident, row.ways, now)
    young = now - incident.detected_at < YOUNG
    row.ways, row.looked_at, row.seconds = ways, now, monotonic() - began
    row.next_at = timezone.now() + (EVERY if young else SELDOM)
    clock = reading.of(incident, row)
    row.advice, row.advice_until = words.advice(clock), clock.advice_until
    row.save()
    return row


def _seen(incident: Incident, before: dict[str, Any], now: datetime) -> dict[str, Any]:
    answers = within(BOUND, asking.questions(incident))
    rows = answers.pop(asking.ROWS)
    found = {}
    for key, answer in answers.items():
        if isinstance(answer, OpsError):
            found[key] = {**before.get(key, {}), "problem": answer.message}
        else:
            found[key] = {**_priced(answer, rows), "at": now.isoformat()}
    return found


def _priced(found: dict[str, Any], rows: dict[str, Any] | OpsError) -> dict[str, Any]:
    """With the rows that a backup does not have, where it is a backup that would be restored."""
    backup = Backup.objects.filter(pk=found["backup"]).first() if found["backup"] else None
    if backup is None:
        return found
    if isinstance(rows, OpsError):
        return found | {"costs": ["How many rows that are could not be counted now."]}
    return found | {"costs": losses.rows_since(backup, rows)}
