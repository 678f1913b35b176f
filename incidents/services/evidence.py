"""Takes evidence before mitigation destroys it: log, inspect, health, events; redacted, hashed (§5.2, I7)."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from incidents.models import EntryKind, Evidence, Incident
from incidents.services import incidents
from smsops.environments.secrets import known_secrets
from smsops.errors import OpsError
from smsops.health import HEALTH, LIVE, READY
from smsops.http import ask
from smsops.models import Environment
from smsops.redact import redact, redact_data
from smsops.runtimes.registry import runtime_for

log = logging.getLogger(__name__)

LOG_LINES = 50  # runbook §5.2: “last 50 lines”
EVENTS_SPAN = timedelta(minutes=15)


def collect(incident: Incident) -> list[Evidence]:
    """Take every piece that is not there yet; one that cannot be taken is noted on the timeline and left out."""
    taken = []
    secrets = known_secrets(incident.environment)
    for name, take in PIECES.items():
        if Evidence.objects.filter(incident=incident, name=name).exists():
            continue
        try:
            text = take(incident.environment, secrets)
        except OpsError as error:
            _note_once(incident, f"{name} could not be taken: {error}")
            continue
        taken += _keep(incident, name, text)
    if taken:
        names = ", ".join(piece.name for piece in taken)
        incidents.note(incident, EntryKind.EVIDENCE, f"Evidence taken: {names}.")
    return taken


def _note_once(incident: Incident, text: str) -> None:
    if not incident.timeline.filter(kind=EntryKind.EVIDENCE, text=redact(text)).exists():
        incidents.note(incident, EntryKind.EVIDENCE, text)


def _log(environment: Environment, secrets: list[str]) -> str:
    return redact(runtime_for(environment).logs(environment.instance, LOG_LINES), secrets)


def _inspect(environment: Environment, secrets: list[str]) -> str:
    described = runtime_for(environment).describe(environment.instance)
    return json.dumps(redact_data(described, secrets), indent=2, default=str)


def _health(environment: Environment, secrets: list[str]) -> str:
    parts = []
    for path in (HEALTH, READY, LIVE):
        answer = ask(environment.base_url, path, timeout=3)
        body = answer.body[:4000].decode("utf-8", "replace")
        parts.append(f"GET {path}: {answer.describe()} in {answer.seconds * 1000:.0f} ms\n{body}\n")
    return redact("\n".join(parts), secrets)


def _events(environment: Environment, secrets: list[str]) -> str:
    now = timezone.now()
    found = runtime_for(environment).events(environment.instance, now - EVENTS_SPAN, now)
    lines = [
        f"{event.at:%Y-%m-%d %H:%M:%S.%f} {event.action} {event.exit_code if event.exit_code is not None else ''}"
        for event in found
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


PIECES: dict[str, Callable[[Environment, list[str]], str]] = {
    "log.txt": _log,
    "inspect.json": _inspect,
    "health.txt": _health,
    "events.txt": _events,
}


def read(piece: Evidence) -> bytes:
    """What was taken; OpsError when the file is gone or is no longer what was taken."""
    try:
        data = Path(piece.path).read_bytes()
    except OSError as error:
        raise OpsError(f"The evidence {piece.name} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != piece.sha256:
        raise OpsError(f"The evidence {piece.name} was changed after it was taken.")
    return data


def _keep(incident: Incident, name: str, text: str) -> list[Evidence]:
    """Write the piece down; nothing when another worker was faster. Its file's name is its digest, so that whoever
    comes late spoils nothing."""
    folder = Path(settings.SMSOPS_EVIDENCE_DIR) / f"incident-{incident.pk}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    path, private = folder / f"{digest[:16]}-{name}", folder / f".{uuid.uuid4().hex}"
    private.write_bytes(data)
    private.replace(path)
    values = {"path": str(path), "sha256": digest, "size": len(data)}
    piece, mine = Evidence.objects.get_or_create(incident=incident, name=name, defaults=values)
    if mine:
        return [piece]
    if piece.path != str(path):
        path.unlink(missing_ok=True)
    return []
