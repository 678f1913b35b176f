"""Finds a release's section in a CHANGELOG (Keep-a-Changelog style, with the oddities of sms-contract §9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from deployments import versions

_HEADING = re.compile(r"^##\s+\[?v?(?P<version>\d+(?:\.\d+){1,3})\]?(?:\s*[-–—]\s*(?P<date>\d{4}-\d{2}-\d{2}))?", re.M)  # noqa: RUF001
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
    headings = list(_HEADING.finditer(changelog))
    mine = [i for i, found in enumerate(headings) if versions.parse(found["version"]) == wanted]
    if not mine:
        return None
    first = mine[0]
    end = headings[first + 1].start() if first + 1 < len(headings) else len(changelog)
    text = changelog[headings[first].end() : end].strip()
    return Section(text, _date(headings[first]["date"]), breaking_changes(text), len(mine))


def breaking_changes(text: str) -> str:
    """The body of the section about breaking changes; empty when there is none, or when it only says “None”."""
    parts = list(_SUBHEADING.finditer(text))
    for i, found in enumerate(parts):
        if "breaking" not in found["title"].lower():
            continue
        body = text[found.end() : parts[i + 1].start() if i + 1 < len(parts) else len(text)].strip()
        return "" if re.match(r"[-*\s]*none\b", body, re.IGNORECASE) else body
    return ""


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
