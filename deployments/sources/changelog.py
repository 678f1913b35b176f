"""Finds a release's section in a CHANGELOG (Keep-a-Changelog style, with the oddities of sms-contract §9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from deployments import versions

_ANY_HEADING = re.compile(r"^##[ \t]", re.M)
_HEADING = re.compile(
    r"^##[ \t]+\[?v?(?P<version>\d+(?:\.\d+){1,3})(?:\]|(?=\s|$))"
    r"(?:[ \t]*[-–—][ \t]*(?P<date>\d{4}-\d{2}-\d{2}))?",  # noqa: RUF001
    re.M,
)
# “None.”, “None - fully backward compatible”; not “None of the old tokens work”
_NOTHING = re.compile(r"[-*\s]*(?:none|n/a|no(?: known)? breaking changes)[ \t*_]*(?:$|[.,;:!(–—-])", re.I | re.M)  # noqa: RUF001
_SUBHEADING = re.compile(r"^###\s+(?P<title>.+?)\s*$", re.M)


@dataclass(frozen=True)
class Section:
    """What a CHANGELOG says of one version. `headings` above 1 means that the version occurs more than once."""

    text: str
    released_on: date | None
    breaking: str
    headings: int


def section(changelog: str, version: str) -> Section | None:
    """The section of `version`, the first one where there are several; None when there is none."""
    wanted = versions.parse(version)
    mine = [found for found in _HEADING.finditer(changelog) if versions.parse(found["version"]) == wanted]
    if not mine:
        return None
    following = _ANY_HEADING.search(changelog, mine[0].end())
    text = changelog[mine[0].end() : following.start() if following else len(changelog)].strip()
    return Section(text, _date(mine[0]["date"]), breaking_changes(text), len(mine))


def breaking_changes(text: str) -> str:
    """The bodies of the sections about breaking changes; empty when there is none, or they only say “None”."""
    parts, bodies = list(_SUBHEADING.finditer(text)), []
    for i, found in enumerate(parts):
        if "breaking" not in found["title"].lower():
            continue
        body = text[found.end() : parts[i + 1].start() if i + 1 < len(parts) else len(text)].strip()
        if not _NOTHING.match(body):
            bodies.append(body)
    return "\n\n".join(bodies)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
