"""What changed between two texts, line by line, with a little of what stayed around it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

AROUND = 2  # lines that stayed, before and after each change
MOST = 2_000  # lines that are compared; beyond that the one text is shown to take the other's place
ADDED, REMOVED, SAME, LEFT_OUT = "added", "removed", "same", "left-out"


@dataclass(frozen=True)
class Line:
    """One line, and what became of it."""

    kind: str
    text: str

    @property
    def sign(self) -> str:
        """Never colour alone."""
        return {ADDED: "+", REMOVED: "\N{MINUS SIGN}", LEFT_OUT: "\N{HORIZONTAL ELLIPSIS}"}.get(self.kind, " ")


def between(before: str, after: str) -> list[Line]:
    """The lines that were added and removed, in order; empty where nothing changed."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    if len(old) + len(new) > MOST:
        return [*(Line(REMOVED, each) for each in old), *(Line(ADDED, each) for each in new)]
    groups = difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND)
    found: list[Line] = []
    for number, group in enumerate(groups):
        found += [Line(LEFT_OUT, "")] if number else []
        for what, begin, end, first, last in group:
            found += _lines(what, old[begin:end], new[first:last])
    return found


def _lines(what: str, old: list[str], new: list[str]) -> Iterator[Line]:
    if what == "equal":
        yield from (Line(SAME, each) for each in old)
        return
    yield from (Line(REMOVED, each) for each in old)
    yield from (Line(ADDED, each) for each in new)
