"""From a payload to episodes of alerts (I2): what is new, what goes on, what is over.

An alert's fingerprint is its identity; an episode of it begins when it fires while none is open, and ends when its
sender says so. A payload may come twice, late, or with a part of the alerts: absence says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from incidents.intake import matching
from incidents.intake.news import AlertNews, Payload
from incidents.models import Alert, AlertSource, AlertState
from smsops.redact import redact

OPEN = (AlertState.FIRING, AlertState.STALE)
TOLD = ["state", "text", "labels", "severity", "url", "last_at", "times", "resolved_at", "ends", "truncated"]


@dataclass
class Changes:
    """What a payload changed."""

    begun: list[Alert] = field(default_factory=list)
    going_on: list[Alert] = field(default_factory=list)
    over: list[Alert] = field(default_factory=list)


def apply(source: AlertSource, payload: Payload, at: datetime) -> Changes:
    """Write the payload's alerts down. Called within a transaction, by one worker at a time per source."""
    news = {each.fingerprint: each for each in payload.alerts}
    known = Alert.objects.filter(source=source, fingerprint__in=news)
    latest = {alert.fingerprint: alert for alert in known.order_by("fingerprint", "pk")}
    changes, created, updated = Changes(), [], []
    for fingerprint, each in news.items():
        episode = latest.get(fingerprint)
        if episode is not None and episode.state in OPEN:
            _go_on(episode, each, payload, at)
            (changes.going_on if each.firing else changes.over).append(episode)
            updated.append(episode)
        elif episode is None or not _same(episode, each):
            created.append(_begin(source, each, payload, at))
            if each.firing:
                changes.begun.append(created[-1])
    Alert.objects.bulk_create(created)
    if updated:
        Alert.objects.bulk_update(updated, TOLD)
    return changes


def _same(episode: Alert, each: AlertNews) -> bool:
    """Whether this tells of the episode that is over, once more: a repeat, or a message that was overtaken."""
    return (each.starts_at is not None and episode.starts == each.starts_at) or not each.firing


def _begin(source: AlertSource, each: AlertNews, payload: Payload, at: datetime) -> Alert:
    means = matching.meaning(each.labels, payload.group, source.rules, str(source.pk))
    return Alert(
        source=source,
        fingerprint=each.fingerprint,
        name=each.name[:200],
        state=AlertState.FIRING if each.firing else AlertState.RESOLVED,
        severity=means.severity,
        issue=means.issue,
        cause=means.cause,
        text=redact(each.told),
        labels=each.labels,
        url=each.url,
        starts=each.starts_at,
        ends=each.ends_at,
        first_at=at,
        last_at=at,
        resolved_at=None if each.firing else at,
        truncated=payload.truncated > 0,
    )


def _go_on(episode: Alert, each: AlertNews, payload: Payload, at: datetime) -> None:
    episode.state = AlertState.FIRING if each.firing else AlertState.RESOLVED
    episode.text, episode.labels, episode.url = redact(each.told), each.labels, each.url
    episode.last_at, episode.times = at, episode.times + 1
    episode.truncated = payload.truncated > 0
    if not each.firing:
        episode.resolved_at, episode.ends = at, each.ends_at
