"""Reads what Alertmanager's webhook sends (version 4), and what Grafana does, which has the same members and more.

Unknown members and versions are no obstacle: the stored body keeps them. Per alert only its own status counts: a
payload that says “firing” may hold alerts that are over.
"""

from __future__ import annotations

import hashlib
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
    moment,
)

LONGEST_FINGERPRINT = 64


def read(body: bytes) -> Payload:
    """Raises Unreadable when there is no list of alerts in it, or none of its members is one."""
    found = document(body)
    members = found.get("alerts") if isinstance(found, dict) else None
    if not isinstance(members, list):
        raise Unreadable("There is no list “alerts” in the body.")
    alerts = tuple(_alert(member) for member in members[:MOST_ALERTS] if isinstance(member, dict))
    if members and not alerts:
        raise Unreadable("None of the “alerts” in the body is an object.")
    truncated = found.get("truncatedAlerts")
    return Payload(
        alerts=alerts,
        group=labels(found.get("groupLabels")),
        truncated=truncated if isinstance(truncated, int) and truncated > 0 else 0,
        unread=len(members) - len(alerts),
    )


def _alert(alert: dict[str, Any]) -> AlertNews:
    return AlertNews(
        fingerprint=_identity(alert),
        firing=alert.get("status") != "resolved",  # in doubt there is trouble
        labels=labels(alert.get("labels")),
        annotations=labels(alert.get("annotations")),
        starts_at=moment(alert.get("startsAt")),
        ends_at=moment(alert.get("endsAt")),
        url=link(alert.get("generatorURL")),
    )


def _identity(alert: dict[str, Any]) -> str:
    given = alert.get("fingerprint")
    if not isinstance(given, str) or not clean(given):
        return fingerprint_of(alert.get("labels"))
    if len(given) > LONGEST_FINGERPRINT:
        return hashlib.sha256(given.encode("utf-8", "replace")).hexdigest()
    return clean(given)
