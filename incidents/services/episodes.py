"""From payloads to episodes of alerts (I2): what is new, what goes on, what is over.

An alert's fingerprint is its identity; an episode of it begins when it fires while none is open, and ends when its
sender says so. A payload may come twice, late, or with a part of the alerts: absence says nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from django.db.models import Max

from incidents import fingerprints
from incidents.intake import matching
from incidents.intake.news import AlertNews, Labels, Payload
from incidents.models import ORDER, Alert, AlertSource, AlertState, Severity
from smsops.redact import redact, redact_data

T = TypeVar("T")
OPEN = (AlertState.FIRING, AlertState.STALE)
ECHO = timedelta(minutes=2)  # so long after its end, word that it fires as it did is word from before
AT_ONCE = 500  # rows in one statement
TOLD = ["state", "text", "labels", "severity", "url", "last_at", "times", "resolved_at", "ends", "truncated"]


@dataclass(frozen=True)
class Telling:
    """A payload, and when it came."""

    payload: Payload
    at: datetime


@dataclass
class Changes:
    """What payloads changed. An alert that began and ended within them is in `begun` and in `over`."""

    begun: list[Alert] = field(default_factory=list)
    worse: list[Alert] = field(default_factory=list)
    back: list[Alert] = field(default_factory=list)
    going_on: list[Alert] = field(default_factory=list)
    over: list[Alert] = field(default_factory=list)
    complete: set[str] = field(default_factory=set)  # causes about whose groups the newest payload left nothing out
    resolves: bool = False


def apply(source: AlertSource, told: Iterable[Telling]) -> Changes:
    """Write the payloads' alerts down, in their order. Called within a transaction that has locked the source."""
    told = list(told)
    book = _Book(source, {each.fingerprint for telling in told for each in telling.payload.alerts})
    for telling in told:
        for each in telling.payload.alerts:
            book.tell(each, telling)
    return book.write()


class _Book:
    """The newest episode of each alert that is told of."""

    def __init__(self, source: AlertSource, fingerprints: set[str]) -> None:
        self.source = source
        self.latest = {alert.fingerprint: alert for alert in _newest(source, fingerprints)}
        self.known: dict[int, tuple[Alert, str, str]] = {}  # those that were open, with their state and severity
        self.created: list[Alert] = []
        self.changes = Changes()

    def tell(self, each: AlertNews, telling: Telling) -> None:
        self.changes.resolves |= not each.firing
        episode = self.latest.get(each.fingerprint)
        if episode is not None and episode.state in OPEN:
            if episode.pk is not None:
                self.known.setdefault(episode.pk, (episode, episode.state, episode.severity))
            self._go_on(episode, each, telling)
        elif episode is None or not _echo(episode, each, telling.at):
            self._begin(each, telling)
        self._weigh(self.latest[each.fingerprint].cause, telling.payload)

    def _weigh(self, cause: str, payload: Payload) -> None:
        """A cause that a rule names has many groups: of those nobody can say that nothing is left out."""
        if payload.truncated or not cause.startswith(fingerprints.ALERT.of(self.source.pk, "")):
            self.changes.complete.discard(cause)
        else:
            self.changes.complete.add(cause)

    def _begin(self, each: AlertNews, telling: Telling) -> None:
        payload, at, labels = telling.payload, telling.at, shown(each.labels)
        means = matching.meaning(labels, payload.group, self.source.rules, str(self.source.pk))
        episode = Alert(
            source=self.source, fingerprint=each.fingerprint, name=_text(each.name)[:200],
            state=AlertState.FIRING if each.firing else AlertState.RESOLVED,
            severity=means.severity, issue=means.issue, cause=means.cause,
            text=_text(each.told), labels=labels, url=_text(each.url),
            starts=each.starts_at, ends=each.ends_at, first_at=at, last_at=at,
            resolved_at=None if each.firing else at, truncated=payload.truncated > 0,
        )  # fmt: skip
        self.latest[each.fingerprint] = episode
        self.created.append(episode)
        if each.firing:
            self.changes.begun.append(episode)

    def _go_on(self, episode: Alert, each: AlertNews, telling: Telling) -> None:
        labels = shown(each.labels)
        if labels != episode.labels:
            rules, group = self.source.rules, telling.payload.group
            episode.severity = matching.meaning(labels, group, rules, str(self.source.pk)).severity
        episode.state = AlertState.FIRING if each.firing else AlertState.RESOLVED
        episode.text, episode.labels, episode.url = _text(each.told), labels, _text(each.url)
        episode.last_at, episode.times = telling.at, episode.times + 1
        episode.truncated = telling.payload.truncated > 0
        if not each.firing:
            episode.resolved_at, episode.ends = telling.at, each.ends_at

    def write(self) -> Changes:
        """Store it; first what is over, because one episode of an alert may be open."""
        known = [alert for alert, *_ in self.known.values()]
        # These rows are there, and their source is locked: it only updates them, far faster than bulk_update() would.
        Alert.objects.bulk_create(
            known, batch_size=AT_ONCE, update_conflicts=True, unique_fields=["id"], update_fields=TOLD
        )
        Alert.objects.bulk_create(self.created, batch_size=AT_ONCE)
        changes = self.changes
        changes.over += [alert for alert in changes.begun if alert.state == AlertState.RESOLVED]
        for alert, state, severity in self.known.values():
            if alert.state == AlertState.RESOLVED:
                changes.over.append(alert)
                continue
            changes.going_on.append(alert)
            if state == AlertState.STALE:
                changes.back.append(alert)
            if ORDER[Severity(alert.severity)] > ORDER[Severity(severity)]:
                changes.worse.append(alert)
        return changes


def _newest(source: AlertSource, fingerprints: set[str]) -> Iterator[Alert]:
    for some in in_parts(sorted(fingerprints)):
        told = Alert.objects.filter(source=source, fingerprint__in=some)
        newest = told.order_by().values("fingerprint").annotate(newest=Max("pk")).values_list("newest", flat=True)
        # Asked by themselves: joined to a table that has just grown, PostgreSQL takes minutes for them.
        yield from Alert.objects.filter(pk__in=list(newest))


def _echo(episode: Alert, each: AlertNews, at: datetime) -> bool:
    """Whether this tells once more of the episode that is over: a repeat of its end, or a message that was overtaken.
    In doubt it is a new one: senders exist that always give the same start."""
    if not each.firing or episode.resolved_at is None:
        return not each.firing
    return each.starts_at is not None and episode.starts == each.starts_at and at - episode.resolved_at < ECHO


def in_parts(values: Iterable[T]) -> Iterator[list[T]]:
    """The values, so many at a time as one statement may name on every database."""
    rest = iter(values)
    while some := list(itertools.islice(rest, AT_ONCE)):
        yield some


def shown(labels: Labels) -> Labels:
    """Labels as people may see them."""
    return {name: _label(name, text) for name, text in labels.items()}


@lru_cache(maxsize=4096)  # most alerts say what they said before
def _label(name: str, text: str) -> str:
    return str(redact_data({name: text})[name])


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    return redact(text)
