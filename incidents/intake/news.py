"""The plain values every kind of sender is read into."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MOST_LABELS, LONGEST = 64, 1000  # of one alert; what is beyond stays in the stored body alone

Labels = dict[str, str]


class Unreadable(ValueError):
    """The body can never be understood, however often it is sent."""


@dataclass(frozen=True)
class AlertNews:
    """One alert as a payload tells it. `fingerprint` is its identity over all its episodes; times are the sender's."""

    fingerprint: str
    firing: bool
    labels: Labels = field(default_factory=dict)
    annotations: Labels = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    url: str = ""

    @property
    def name(self) -> str:
        return self.labels.get("alertname") or self.annotations.get("summary") or "Alert"

    @property
    def told(self) -> str:
        """What it says, in one sentence if the sender has one."""
        texts = (self.annotations.get(name, "") for name in ("summary", "description", "message"))
        return next((text for text in texts if text), self.name)


@dataclass(frozen=True)
class Payload:
    """One delivery. `group` is how the sender grouped; `truncated` alerts were left out by it."""

    alerts: tuple[AlertNews, ...]
    group: Labels = field(default_factory=dict)
    truncated: int = 0
    url: str = ""


def document(body: bytes) -> Any:
    """The JSON in a body; Unreadable where there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is not JSON.") from error


def labels(value: object) -> Labels:
    """Names and texts, as many and as long as are of use to a person; anything that is not one is left out."""
    if not isinstance(value, Mapping):
        return {}
    chosen = list(value.items())[:MOST_LABELS]
    return {clean(name)[:100]: clean(text) for name, text in chosen if isinstance(name, str) and _plain(text)}


def clean(text: object) -> str:
    """Text that a database takes: no NUL, not endless."""
    return str(text).replace("\0", "")[:LONGEST]


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def moment(value: object) -> datetime | None:
    """A time as RFC 3339 has it, up to nanoseconds; None for none, for Go's year 1, and for what is no time."""
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def fingerprint_of(identity: Labels) -> str:
    """An identity for an alert whose sender gave it none: its labels."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
