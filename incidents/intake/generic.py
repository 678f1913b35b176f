"""Reads any JSON by a map of fields: which member is the title, the status, the identity, the labels.

A map is like {"title": "check.name", "status": "state", "identity": "check.id", "text": "output", "severity": "level"}:
members by dotted paths; numbers index lists. Only the title is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from incidents.intake.news import (
    MOST_ALERTS,
    AlertNews,
    Payload,
    Unreadable,
    clean,
    document,
    fingerprint_of,
    labels,
    link,
)

OVER = frozenset({
    "resolved", "ok", "up", "pass", "passed", "passing", "success", "succeeded", "recovered", "recovery", "closed",
    "normal", "healthy", "clear", "cleared", "inactive", "0", "false",
})  # fmt: skip
FIELDS = ("title", "status", "identity", "text", "severity", "labels", "url")
DEFAULT_MAP = {
    "title": "title",
    "status": "status",
    "identity": "id",
    "text": "text",
    "severity": "severity",
    "labels": "labels",
    "url": "url",
}


def mistake(fields: object) -> str:
    """What is wrong with such a map, in a sentence; empty when nothing is."""
    if not isinstance(fields, Mapping) or not all(isinstance(path, str) for path in fields.values()):
        return "It is no map of names to paths."
    strange = sorted(set(fields) - set(FIELDS))
    if strange:
        return f"“{strange[0]}” is none of the fields: {', '.join(FIELDS)}."
    return "" if fields.get("title") else "It must say where the title is."


def read(body: bytes, fields: Mapping[str, str]) -> Payload:
    """One alert, or several where the body is a list. Raises Unreadable when none of them has a title."""
    found, fields = document(body), fields or DEFAULT_MAP
    items = found if isinstance(found, list) else [found]
    alerts = tuple(alert for item in items[:MOST_ALERTS] if (alert := _alert(item, fields)) is not None)
    if items and not alerts:
        raise Unreadable(f"There is no text at “{fields['title']}”, where the title should be.")
    return Payload(alerts=alerts, unread=len(items) - len(alerts))


def at(value: Any, path: str) -> Any:
    """The member at a dotted path; None where there is none."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and len(part) < 10 and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _alert(item: Any, fields: Mapping[str, str]) -> AlertNews | None:
    values = {name: at(item, path) for name, path in fields.items()}
    title = clean(values.get("title"))
    if not title:
        return None
    named = labels(values.get("labels")) | {"alertname": title}
    if severity := clean(values.get("severity")).strip().lower():
        named["severity"] = severity
    text = clean(values.get("text"))
    return AlertNews(
        fingerprint=fingerprint_of({"identity": clean(values.get("identity")) or title}),
        firing=clean(values.get("status")).strip().lower() not in OVER,
        labels=named,
        annotations={"description": text} if text else {},
        url=link(values.get("url")),
    )
