"""The plain values every kind of sender is read into."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MOST_ALERTS = 20_000  # of one body; what is beyond stays in the stored body alone, and is counted
MOST_LABELS, LONGEST = 64, 1000  # of one alert; what is beyond stays in the stored body alone
KEPT_FIRST = ("alertname", "severity", "instance", "job")  # however many others there are
MOST_DIGITS = 300  # a number with more is kept as text: Python would refuse to read it
YEARS = range(1971, 2200)  # what every database and time zone can hold

Labels = dict[str, str]
# What moves the cursor of a terminal, hides text or turns its direction; no text of a person needs it.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


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
    """One delivery. `group` is how the sender grouped; `truncated` alerts were left out by it; `unread` members could
    not be understood and stay in the stored body alone."""

    alerts: tuple[AlertNews, ...]
    group: Labels = field(default_factory=dict)
    truncated: int = 0
    unread: int = 0


def document(body: bytes) -> Any:
    """The JSON in a body; Unreadable where there is none."""
    try:
        return json.loads(body, parse_int=_number)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is not JSON.") from error


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= MOST_DIGITS else digits


def labels(value: object) -> Labels:
    """Names and texts, as many and as long as are of use to a person; anything that is not one is left out."""
    if not isinstance(value, Mapping):
        return {}
    first = [name for name in KEPT_FIRST if name in value]
    rest = (name for name in value if name not in KEPT_FIRST) if len(first) < len(value) else ()
    chosen = [*first, *itertools.islice(rest, MOST_LABELS - len(first))]
    return {clean(name)[:100]: clean(value[name]) for name in chosen if plain(value[name])}


def plain(value: object) -> bool:
    """Whether it is a text, a number or a truth value."""
    return isinstance(value, str | int | float)


def clean(value: object) -> str:
    """Text that every database takes and no reader is harmed by; not endless. Nothing for what is no text or number."""
    if isinstance(value, bool):
        return str(value).lower()
    text = _UNSEEN.sub("", str(value)[:LONGEST]) if plain(value) else ""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()  # half a surrogate pair is none


def link(value: object) -> str:
    """An address that a page may lead to; nothing for any other, which might be a program."""
    text = clean(value)
    return text if text.startswith(("http://", "https://")) else ""


def moment(value: object) -> datetime | None:
    """A time as RFC 3339 has it, up to nanoseconds; None for none, for Go's year 1, and for what is no time."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year in YEARS else None


def fingerprint_of(identity: object) -> str:
    """An identity for an alert whose sender gave it none: all its labels, however many and long."""
    whole = {name: str(text) for name, text in identity.items() if plain(text)} if isinstance(identity, Mapping) else {}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]
