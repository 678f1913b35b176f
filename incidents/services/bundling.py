"""Puts an incident together as a bundle: what is known as JSON, the timeline to be read, the evidence (I7)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.utils import timezone

from incidents import selectors
from incidents.bundles import chain, writing
from incidents.documents.markdown import escape
from incidents.models import EntryKind, Evidence, Incident
from incidents.services import evidence, incidents
from smsops.environments.secrets import known_secrets
from smsops.errors import OpsError
from smsops.redact import redact_data


def write(incident: Incident, target: Path, who: str, *, with_database: bool = False) -> str:
    """Write the bundle to the new file `target`; return the last link of its chain, which is on the timeline as well.

    A copy of the database goes with it only where that is asked for, and stays sealed. A piece that is gone or was
    changed is named in the manifest and left out.
    """
    data = _plain(incident)
    contents = writing.Contents(
        number=incident.pk,
        environment=incident.environment.name,
        made_at=timezone.now().isoformat(timespec="seconds"),
        texts={chain.INCIDENT: json.dumps(data, indent=1), chain.TIMELINE: markdown(data)},
        files={},
    )
    for piece in incident.evidence.order_by("time", "name"):
        _put(piece, contents, with_database=with_database)
    head = writing.write(contents, target)
    incidents.note(incident, EntryKind.EVIDENCE, f"Bundled as {target.name}; its last link is {head}.", author=who)
    return head


def _put(piece: Evidence, contents: writing.Contents, *, with_database: bool) -> None:
    name = f"{chain.EVIDENCE}{piece.name}"
    left = {"name": name, "sha256": piece.sha256, "size": piece.size}
    if piece.personal and not piece.gone and not with_database:
        contents.left_out.append({**left, "why": "it has personal data in it and was not asked for"})
        return
    try:
        contents.files[name] = (evidence.verified(piece), piece.sha256)
    except OpsError as error:
        contents.left_out.append({**left, "why": error.message})


def _plain(incident: Incident) -> dict[str, Any]:
    """What is known of the incident as JSON, redacted once more with the secrets of today, its timeline chained."""
    known = json.loads(json.dumps(selectors.incident_data(incident), default=str))
    data: dict[str, Any] = redact_data(known, known_secrets(incident.environment))
    for entry, link in zip(data["timeline"], chain.of_timeline(data["timeline"]), strict=True):
        entry["chain"] = link
    return data


def markdown(data: dict[str, Any]) -> str:
    """The timeline for people; nothing that is quoted in it is markup."""
    lines = [
        f"# Incident {data['incident']}: {escape(data['title'])}", "",
        f"{data['environment']}, {data['severity']}, {data['state']}; detected {data['detected_at']}.", "",
    ]  # fmt: skip
    for entry in data["timeline"]:
        lines.append(f"- `{entry['at']}` {entry['kind']}, {escape(entry['by'])}: {escape(entry['text'])}")
    return "\n".join(lines) + "\n"
