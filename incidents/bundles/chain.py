"""The chain of digests in a bundle: each link is over the one before it; nothing can be changed, moved or left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

FORMAT = "smsops bundle 1"
INCIDENT, TIMELINE, EVIDENCE, MANIFEST = "incident.json", "timeline.md", "evidence/", "manifest.json"


def begin(*about: object) -> str:
    """The link everything hangs on: what the bundle is about."""
    return _digest(FORMAT, *map(str, about))


def link(before: str, *parts: object) -> str:
    """The next link."""
    return _digest(before, *map(str, parts))


def _digest(*parts: str) -> str:
    # As JSON, so that no two lists of parts are the same bytes.
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


def of_timeline(entries: Sequence[dict[str, str]]) -> list[str]:
    """A link for each entry of a timeline, over what is in it."""
    links, last = [], begin("timeline")
    for entry in entries:
        last = link(last, entry["at"], entry["kind"], entry["by"], entry["text"])
        links.append(last)
    return links
