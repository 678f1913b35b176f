"""The pieces of evidence that are taken in the first seconds: each is a text, redacted, and changes nothing (§5.2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from smsops.health import HEALTH, LIVE, READY
from smsops.http import ask
from smsops.models import Environment
from smsops.redact import redact, redact_data
from smsops.runtimes.registry import looking_at

LOG_LINES = 50  # runbook §5.2: “last 50 lines”
PATIENCE = 10  # seconds for each answer of the engine
EVENTS_SPAN = timedelta(minutes=15)


def log(environment: Environment, secrets: list[str]) -> str:
    """The last lines of the log."""
    return redact(looking_at(environment, PATIENCE).logs(environment.instance, LOG_LINES), secrets)


def inspect(environment: Environment, secrets: list[str]) -> str:
    """What the engine says of the instance."""
    described = looking_at(environment, PATIENCE).describe(environment.instance)
    return json.dumps(redact_data(described, secrets), indent=2, default=str)


def health(environment: Environment, secrets: list[str]) -> str:
    """What SMS says of itself."""
    parts = []
    for path in (HEALTH, READY, LIVE):
        answer = ask(environment.base_url, path, timeout=3)
        body = answer.body[:4000].decode("utf-8", "replace")
        parts.append(f"GET {path}: {answer.describe()} in {answer.seconds * 1000:.0f} ms\n{body}\n")
    return redact("\n".join(parts), secrets)


def events(environment: Environment, secrets: list[str]) -> str:
    """What happened to the instance lately."""
    now = timezone.now()
    found = looking_at(environment, PATIENCE).events(environment.instance, now - EVENTS_SPAN, now)
    lines = [
        f"{event.at:%Y-%m-%d %H:%M:%S.%f} {event.action} {event.exit_code if event.exit_code is not None else ''}"
        for event in found
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


PIECES: dict[str, Callable[[Environment, list[str]], str]] = {
    "log.txt": log,
    "inspect.json": inspect,
    "health.txt": health,
    "events.txt": events,
}
