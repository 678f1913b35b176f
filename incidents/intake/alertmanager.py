"""Reads what Alertmanager's webhook sends (version 4), and what Grafana does, which has the same members and more.

Unknown members and versions are no obstacle: the stored body keeps them. Per alert only its own status counts: a
payload that says “firing” may hold alerts that are over.
"""

from __future__ import annotations

from typing import Any

from incidents.intake.news import AlertNews, Payload, Unreadable, clean, document, fingerprint_of, labels, moment


def read(body: bytes) -> Payload:
    """Raises Unreadable when there is no list of alerts in it."""
    found = document(body)
    alerts = found.get("alerts") if isinstance(found, dict) else None
    if not isinstance(alerts, list) or not all(isinstance(alert, dict) for alert in alerts):
        raise Unreadable("There is no list “alerts” in the body.")
    truncated = found.get("truncatedAlerts")
    return Payload(
        alerts=tuple(_alert(alert) for alert in alerts),
        group=labels(found.get("groupLabels")),
        truncated=truncated if isinstance(truncated, int) and truncated > 0 else 0,
        url=clean(found.get("externalURL") or ""),
    )


def _alert(alert: dict[str, Any]) -> AlertNews:
    named = labels(alert.get("labels"))
    given = alert.get("fingerprint")
    return AlertNews(
        fingerprint=clean(given)[:64] if isinstance(given, str) and given else fingerprint_of(named),
        firing=alert.get("status") != "resolved",  # in doubt there is trouble
        labels=named,
        annotations=labels(alert.get("annotations")),
        starts_at=moment(alert.get("startsAt")),
        ends_at=moment(alert.get("endsAt")),
        url=clean(alert.get("generatorURL") or ""),
    )
