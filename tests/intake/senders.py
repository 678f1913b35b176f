"""Those who send alerts: what they say, and a door they knock at without a network."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from incidents import intake_site
from incidents.models import Alert, AlertSource, Incident
from incidents.services import digestion, sources
from smsops.models import Environment

BEGAN = "2026-03-01T10:00:00.123456789Z"
NEVER = "0001-01-01T00:00:00Z"


def alert(
    name: str = "Slow", *, over: bool = False, starts: str = BEGAN, text: str = "", **labels: str
) -> dict[str, Any]:
    """One alert as Alertmanager tells it."""
    named = {"alertname": name, "severity": "warning", **labels}
    return {
        "status": "resolved" if over else "firing",
        "labels": named,
        "annotations": {"summary": text or f"{name} is too much"},
        "startsAt": starts,
        "endsAt": "2026-03-01T11:00:00Z" if over else NEVER,
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "-".join([name, *labels.values()])[:64],
    }


def payload(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A payload of version 4 with these alerts, in one group."""
    firing = any(each["status"] == "firing" for each in alerts)
    return {
        "version": "4",
        "groupKey": '{}:{alertname="Slow"}',
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "smsops",
        "groupLabels": {"alertname": "Slow"},
        "alerts": list(alerts),
        **more,
    }


@dataclass
class Sender:
    """A source and its token."""

    source: AlertSource
    token: str

    def send(self, body: Any, method: str = "POST", token: str = "", **headers: str) -> int:
        """Knock at the door; return the status."""
        return self.answer(body, method, token, **headers)[0]

    def answer(self, body: Any, method: str = "POST", token: str = "", **headers: str) -> tuple[int, str]:
        """The status, and what is said."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/alerts/{self.source.kind}/{token or self.token}",
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.input": io.BytesIO(data),
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        said: list[str] = []
        text = b"".join(intake_site.serve(environ, lambda status, _: said.append(status)))
        return int(said[0].split()[0]), text.decode().strip()

    def tell(self, *alerts: dict[str, Any], **more: Any) -> None:
        """Send them in one payload, and have it read."""
        assert self.send(payload(*alerts, **more)) == 202
        digestion.digest_all()

    def refresh(self) -> AlertSource:
        self.source.refresh_from_db()
        return self.source


def sender(environment: Environment, kind: str = "alertmanager", **fields: Any) -> Sender:
    """A new source in that environment."""
    return Sender(*sources.create(environment, fields.pop("name", kind), kind, **fields))


def states() -> list[str]:
    """The states of all episodes, oldest first."""
    return list(Alert.objects.order_by("pk").values_list("state", flat=True))


def signs(incident: Incident) -> list[str]:
    return list(incident.timeline.filter(kind="sign").values_list("text", flat=True))
