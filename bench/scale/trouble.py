"""Incidents with all that hangs on them, and the alerts that led to them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from bench.scale.world import VERSIONS, World
from bench.scale.writing import numbers, put
from incidents.models import (
    ActionItem,
    Alert,
    AlertSource,
    Delivery,
    Escalation,
    Evidence,
    Fact,
    Incident,
    Page,
    PostMortem,
    SeverityChange,
    TimelineEntry,
    Triage,
)
from smsops.models import Environment

TITLES = ("SMS does not answer", "SMS answers slowly", "A backup failed", "Rows have gone", "The disk is nearly full",
          "The certificate ends soon")  # fmt: skip
SEVERITIES = ("critical", "high", "high", "medium", "medium", "medium", "low", "low")
LINES = ("/health: connection refused", "smsops looked at the instance.", "The log says: database is locked.",
         "person07 was paged.", "person07 has it.", "The last change was a deploy of 1.19.3.", "Evidence was taken.",
         "SMS was started again.", "/health: healthy (HTTP 200).", "It is over.")  # fmt: skip
LIVE = 0.002  # the share of incidents that are not over


@dataclass(frozen=True)
class Trouble:
    """One incident, for what refers to it."""

    number: int
    place: Environment
    at: datetime
    over: bool
    severity: str


@dataclass
class Record:
    world: World
    people: list[int] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    escalations: dict[int, int] = field(default_factory=dict)


def fill(world: World) -> None:
    people = User.objects.filter(username__startswith="person").order_by("pk").values_list("pk", flat=True)
    record = Record(world, list(people))
    put(Incident, (row for place in world.places for row in _incidents(record, place)))
    put(TimelineEntry, _timeline(record))
    put(SeverityChange, ({"id": next(numbers(SeverityChange)), "incident_id": each.number, "at": each.at,
                          "severity": each.severity} for each in record.troubles))  # fmt: skip
    put(Escalation, _escalations(record))
    put(Page, _pages(record))
    put(Triage, ({"id": next(numbers(Triage)), "incident_id": each.number, "at": each.at, "seconds": 2.0,
                  "broken": "SMS does not answer.", "running": VERSIONS[-1], "changed": "A deploy."}
                 for each in record.troubles))  # fmt: skip
    put(Evidence, _evidence(record))
    put(Fact, ({"id": next(numbers(Fact)), "incident_id": each.number, "kind": "cause_known", "at": each.at,
                "text": "A full disk."} for each in record.troubles[::2]))  # fmt: skip
    put(PostMortem, _postmortems(record))
    put(ActionItem, _items(record))
    sources = list(AlertSource.objects.filter(environment__in=world.places).select_related("environment"))
    live = {each.place.pk: each.number for each in record.troubles if not each.over}
    put(Alert, (row for source in sources for row in _alerts(record, source, live)))
    put(Delivery, _deliveries(record, sources))


def _incidents(record: Record, place: Environment) -> Iterator[dict[str, Any]]:
    world, dice = record.world, record.world.chance(place, "incidents")
    for at in world.moments(world.incidents, dice):
        number, severity, over = next(numbers(Incident)), dice.choice(SEVERITIES), dice.random() > LIVE
        end = at + timedelta(minutes=dice.lognormvariate(2.5, 0.8))
        record.troubles.append(Trouble(number, place, at, over, severity))
        done = {"resolved_at": end, "closed_at": end, "mitigated_at": end} if over else {}
        yield {"id": number, "environment_id": place.pk, "title": dice.choice(TITLES), "severity": severity,
               "state": "closed" if over else "acknowledged", "issue": dice.choice(("service", "data", "unknown")),
               "fingerprint": f"made:{number}", "release": VERSIONS[-1], "began_at": at, "detected_at": at,
               "acknowledged_at": at + timedelta(minutes=2), "taken_at": at + timedelta(minutes=2),
               "acknowledged_by_id": dice.choice(record.people), "cause": "A full disk.",
               "resolution": "The disk was cleared and SMS started again.", **done}  # fmt: skip


def _timeline(record: Record) -> Iterator[dict[str, Any]]:
    for each in record.troubles:
        for second in range(14):
            yield {"id": next(numbers(TimelineEntry)), "incident_id": each.number, "kind": "sign",
                   "at": each.at + timedelta(seconds=20 * second), "text": LINES[second % len(LINES)]}  # fmt: skip


def _escalations(record: Record) -> Iterator[dict[str, Any]]:
    for each in record.troubles:
        record.escalations[each.number] = number = next(numbers(Escalation))
        yield {"id": number, "incident_id": each.number, "began_at": each.at, "free_since": each.at,
               "ended_at": each.at + timedelta(hours=1) if each.over else None}  # fmt: skip


def _pages(record: Record) -> Iterator[dict[str, Any]]:
    for each in record.troubles:
        for turn in range(4):
            number, at = next(numbers(Page)), each.at + timedelta(minutes=turn)
            yield {"id": number, "incident_id": each.number, "escalation_id": record.escalations[each.number],
                   "kind": "news" if turn == 3 else "page", "level": 1, "key": f"made {each.number} {turn}",
                   "user_id": record.people[(each.number + turn) % len(record.people)], "state": "sent",
                   "text": "SMS does not answer", "due_at": at, "next_at": at, "sent_at": at}  # fmt: skip


def _evidence(record: Record) -> Iterator[dict[str, Any]]:
    for each in record.troubles:
        for name in ("instance.json", "log.txt", "health.json"):
            yield {"id": next(numbers(Evidence)), "incident_id": each.number, "name": name, "size": 4000,
                   "path": f"/nowhere/{each.number}/{name}", "sha256": f"{each.number:064x}",
                   "taken_at": each.at}  # fmt: skip


def _postmortems(record: Record) -> Iterator[dict[str, Any]]:
    for each in record.troubles:
        if each.over and each.severity in ("critical", "high"):
            yield {"id": next(numbers(PostMortem)), "incident_id": each.number, "state": "published",
                   "owner_id": record.people[each.number % len(record.people)], "news": 1, "news_read": 1,
                   "due_at": each.at + timedelta(days=2), "created_at": each.at,
                   "searchable": "A full disk. The disk was cleared."}  # fmt: skip


def _items(record: Record) -> Iterator[dict[str, Any]]:
    for index, each in enumerate(record.troubles):
        if each.over and each.severity in ("critical", "high"):
            state = "done" if index % 20 else "todo"
            yield {"id": next(numbers(ActionItem)), "incident_id": each.number, "title": "Watch the disk",
                   "state": state, "due_at": each.at + timedelta(days=14), "created_at": each.at,
                   "owner_id": record.people[each.number % len(record.people)]}  # fmt: skip


def _alerts(record: Record, source: AlertSource, live: dict[int, int]) -> Iterator[dict[str, Any]]:
    """Those that are over; and one that fires, where an incident is not over."""
    world, dice = record.world, record.world.chance(source.environment, "alerts")
    shared = {"source_id": source.pk, "name": "Slow", "severity": "high", "cause": "alert:slow", "times": 3,
              "text": "It takes 3 s", "labels": '{"alertname": "Slow", "host": "web1"}'}  # fmt: skip
    for at in world.moments(world.alerts, dice):
        number, end = next(numbers(Alert)), at + timedelta(minutes=dice.lognormvariate(2.5, 0.8))
        yield {**shared, "id": number, "fingerprint": f"made{number}", "state": "resolved", "first_at": at,
               "last_at": end, "resolved_at": end}  # fmt: skip
    if (incident := live.get(source.environment_id)) is not None:
        yield {**shared, "fingerprint": "made", "state": "firing", "first_at": world.now, "last_at": world.now,
               "incident_id": incident}  # fmt: skip


def _deliveries(record: Record, sources: list[AlertSource]) -> Iterator[dict[str, Any]]:
    """The bodies of 30 days, three for each alert."""
    body = zlib.compress(b'{"alerts": [{"labels": {"alertname": "Slow"}, "status": "firing"}]}' * 4)
    for source in sources:
        for number in range(record.world.alerts * 3 * min(30, record.world.days) // 365):
            yield {"id": next(numbers(Delivery)), "source_id": source.pk, "body": body, "size": 300, "state": "done",
                   "received_at": record.world.now - timedelta(hours=number * 40)}  # fmt: skip
