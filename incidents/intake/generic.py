"""Reads any JSON by a map of fields: which member is the title, the status, the identity, the labels.

A map is like {"title": "check.name", "status": "state", "identity": "check.id", "text": "output", "severity": "level"}:
members by dotted paths; numbers index lists. Only the title is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from incidents.intake.news import AlertNews, Payload, Unreadable, clean, document, fingerprint_of, labels

OVER = frozenset({"resolved", "ok", "up", "passing", "success", "recovered", "closed", "normal", "0", "false"})
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
    """One alert, or several where the body is a list. Raises Unreadable when one of them has no title."""
    found = document(body)
    items = found if isinstance(found, list) else [found]
    return Payload(alerts=tuple(_alert(item, fields or DEFAULT_MAP) for item in items))


def at(value: Any, path: str) -> Any:
    """The member at a dotted path; None where there is none."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _alert(item: Any, fields: Mapping[str, str]) -> AlertNews:
    values = {name: at(item, path) for name, path in fields.items()}
    if values.get("title") in (None, ""):
        raise Unreadable(f"There is nothing at “{fields['title']}”, where the title should be.")
    title = clean(values["title"])
    named = labels(values.get("labels")) | {"alertname": title}
    if values.get("severity") not in (None, ""):
        named["severity"] = clean(values["severity"]).lower()
    identity = values.get("identity")
    return AlertNews(
        fingerprint=fingerprint_of({"identity": clean(identity if identity not in (None, "") else title)}),
        firing=str(values.get("status") if values.get("status") is not None else "firing").lower() not in OVER,
        labels=named,
        annotations={"description": clean(values["text"])} if values.get("text") else {},
        url=clean(values.get("url") or ""),
    )
