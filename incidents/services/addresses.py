"""Where a sender sends, and what to paste into its settings. With the token in it: shown once, stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from incidents.models import AlertSource, SourceKind


@dataclass(frozen=True)
class Told:
    """The address, what to do with it, and lines to paste."""

    address: str
    where: str
    lines: str


_ALERTMANAGER = """\
receivers:
  - name: smsops
    webhook_configs:
      - url: {address}
        send_resolved: true
        max_alerts: 0"""
_GENERIC = """\
curl -fsS -X POST -H 'Content-Type: application/json' \\
  -d '{{"title": "Disk full on db1", "status": "firing", "id": "db1-disk", "severity": "high"}}' \\
  {address}"""
_TOLD = {
    SourceKind.ALERTMANAGER: ("In alertmanager.yml, and a route that leads to the receiver:", _ALERTMANAGER),
    SourceKind.GRAFANA: ("Alerting, Contact points, a new one of the integration “Webhook”; its URL:", "{address}"),
    SourceKind.GENERIC: ("Any program may post JSON; by the default map of fields like this:", _GENERIC),
    SourceKind.HEARTBEAT: ("At the end of the job, so that it is only heard when it went well:",
                           "curl -fsS -m 10 --retry 5 -X POST {address}"),
}  # fmt: skip


def told(source: AlertSource, token: str, otherwise: str = "") -> Told:
    """What to tell a person of a source with this token. Addresses begin as settings say, or else with `otherwise`."""
    base = (settings.SMSOPS_PUBLIC_URL or otherwise or "https://SMSOPS").rstrip("/")
    address = f"{base}/alerts/{source.kind}/{token}"
    where, lines = _TOLD[SourceKind(source.kind)]
    return Told(address, where, lines.format(address=address))
