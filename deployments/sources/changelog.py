"""Finds a release's section in a CHANGELOG (Keep-a-Changelog style, with the oddities of sms-contract §9)."""

from __future__ import annotations

import bisect
import functools
import re
from collections import Counter
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
    return sections(changelog).get(versions.parse(version) or ())


@functools.lru_cache(maxsize=8)
def sections(changelog: str) -> dict[tuple[int, ...], Section]:
    """Every version's first section, by its number. A file of hundreds of kilobytes, which many tags may share, is gone
    through once."""
    text = changelog.replace("\r\n", "\n")
    found = list(_HEADING.finditer(text))
    ends = [each.start() for each in _ANY_HEADING.finditer(text)] + [len(text)]
    numbers = [versions.parse(each["version"]) or () for each in found]
    counted = Counter(numbers)
    known: dict[tuple[int, ...], Section] = {}
    for number, each in zip(numbers, found, strict=True):
        if number not in known:
            body = text[each.end() : ends[bisect.bisect_right(ends, each.start())]].strip()
            known[number] = Section(body, _date(each["date"]), breaking_changes(body), counted[number])
    return known


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
