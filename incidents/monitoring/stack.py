"""Configurations for the programs around smsops, with this installation's addresses in them. Tokens are never in them,
only the files they are to be put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from django.conf import settings

SHIPPED = Path(__file__).parent / "shipped"
RULES, DASHBOARD = SHIPPED / "smsops.rules.yml", SHIPPED / "smsops.dashboard.json"
FALLBACK = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Sms:
    """An environment, and where its SMS is asked for figures of its own."""

    name: str
    base_url: str


@dataclass(frozen=True)
class Site:
    """Where things are: smsops, Alertmanager, and the folder the tokens are put into, a file each."""

    address: str = ""
    alertmanager: str = "127.0.0.1:9093"
    tokens: str = "/etc/smsops-monitoring"
    to: str = ""

    @property
    def url(self) -> str:
        return (self.address or settings.SMSOPS_PUBLIC_URL or FALLBACK).rstrip("/")

    def token(self, name: str) -> dict[str, str]:
        return {"credentials_file": f"{self.tokens}/{name}.token"}


def prometheus(site: Site, environments: Sequence[Sms]) -> str:
    """Asks smsops, and each SMS at the port it really has; knows the rules, and whom to tell."""
    host, scheme = _place(site.url)
    own: dict[str, Any] = {"job_name": "smsops", "scheme": scheme, "static_configs": [{"targets": [host]}]}
    if settings.SMSOPS_METRICS_TOKEN:
        own["authorization"] = site.token("metrics")
    data = {
        "global": {"scrape_interval": "30s", "scrape_timeout": "10s", "evaluation_interval": "30s"},
        "rule_files": [RULES.name],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [site.alertmanager]}]}]},
        "scrape_configs": [own, *([_sms(environments)] if environments else [])],
    }
    said = "# prometheus.yml. Beside it: smsops.rules.yml (ops monitoring rules)."
    token = f"\n# {site.tokens}/metrics.token holds SMSOPS_METRICS_TOKEN, readable by Prometheus alone."
    return _text(said + (token if settings.SMSOPS_METRICS_TOKEN else ""), data)


def _sms(environments: Sequence[Sms]) -> dict[str, Any]:
    targets = []
    for each in environments:
        host, scheme = _place(each.base_url)
        targets.append({"targets": [host], "labels": {"environment": each.name, "__scheme__": scheme}})
    return {"job_name": "sms", "static_configs": targets}


def alertmanager(site: Site, names: Sequence[str]) -> str:
    """Sends each environment's alerts to its source, and what names none to the first one's. The watchdog is a
    heartbeat there; what smsops may not be able to tell goes to people as well."""
    first = names[0]
    watchdog = {"receiver": "watchdog", "matchers": ['alertname="Watchdog"'], "group_by": ["alertname"],
                "group_wait": "0s", "group_interval": "30s", "repeat_interval": "50s"}  # fmt: skip
    outside = {"receiver": "outside", "matchers": ['outside="yes"'], "continue": True}
    each = [{"receiver": name, "matchers": [f'environment="{name}"']} for name in names]
    data = {
        "route": {
            "receiver": first, "group_by": ["alertname", "environment"],
            "group_wait": "10s", "group_interval": "1m", "repeat_interval": "4h",
            "routes": [watchdog, outside, *each, {"receiver": first}],
        },
        "inhibit_rules": [
            {"source_matchers": ['alertname="SmsNotServing"'], "target_matchers": ['alertname="SmsSlow"'],
             "equal": ["environment"]},
        ],
        "receivers": [
            {"name": "watchdog", "webhook_configs": [_webhook(site, "heartbeat", "watchdog", resolved=False)]},
            {"name": "outside", **_people(site)},
            *({"name": name, "webhook_configs": [_webhook(site, "alertmanager", name)]} for name in names),
        ],
    }  # fmt: skip
    return _text(_steps(site, names), data)


def _webhook(site: Site, kind: str, name: str, *, resolved: bool = True) -> dict[str, Any]:
    return {
        "url": f"{site.url}/alerts/{kind}", "send_resolved": resolved, "max_alerts": 0,
        "http_config": {"authorization": site.token(name)},
    }  # fmt: skip


def _people(site: Site) -> dict[str, Any]:
    """By smsops's mail server, and not by smsops."""
    if not site.to:
        return {}
    mail: dict[str, Any] = {
        "to": site.to, "from": settings.DEFAULT_FROM_EMAIL, "send_resolved": True,
        "smarthost": f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}", "require_tls": settings.EMAIL_USE_TLS,
    }  # fmt: skip
    if settings.EMAIL_HOST_USER:
        mail |= {"auth_username": settings.EMAIL_HOST_USER, "auth_password_file": f"{site.tokens}/mail.password"}
    return {"email_configs": [mail]}


def _steps(site: Site, names: Sequence[str]) -> str:
    """What has to be done once, in comments."""
    lines = ["alertmanager.yml. Once, where smsops is; then bring the files here, readable by Alertmanager alone:"]
    make = "manage.py ops source"
    lines += [f"  {make} {name} alertmanager alertmanager --token-file {site.tokens}/{name}.token" for name in names]
    lines.append(f"  {make} {names[0]} watchdog heartbeat --every 120 --token-file {site.tokens}/watchdog.token")
    if not site.to:
        lines.append("Nobody is named outside smsops: give the receiver “outside” a way that does not lead through it.")
    return "\n".join(f"# {line}" for line in lines)


def _place(url: str) -> tuple[str, str]:
    """Host and port, never a user or a password; and the scheme."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    return (f"{named}:{parts.port}" if parts.port else named), parts.scheme or "http"


def _text(comment: str, data: dict[str, Any]) -> str:
    return f"{comment}\n{yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)}"
