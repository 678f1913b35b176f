"""A changelog's text for reading: its headings, points and words, without the marks of Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<title>.+?)[ \t#]*$")
_POINT = re.compile(r"^[ \t]*[-*+][ \t]+(?P<text>.+)$")
_MARKS = re.compile(r"\*\*|__|`")


@dataclass(frozen=True)
class Line:
    """`kind` is “heading”, “point” or “text”."""

    kind: str
    text: str


def outline(text: str) -> list[Line]:
    """Line by line; one that goes on with the one before belongs to it."""
    found: list[Line] = []
    broken = True
    for raw in text.splitlines():
        line = _MARKS.sub("", raw).rstrip()
        if match := _HEADING.match(line):
            found.append(Line("heading", match["title"]))
        elif match := _POINT.match(line):
            found.append(Line("point", match["text"]))
        elif not line.strip() or broken or found[-1].kind == "heading":
            found.extend([Line("text", line.strip())] if line.strip() else [])
        else:
            found[-1] = Line(found[-1].kind, f"{found[-1].text} {line.strip()}")
        broken = not line.strip()
    return found


def plain(text: str) -> str:
    """The same in one paragraph."""
    return " ".join(line.text for line in outline(text))
