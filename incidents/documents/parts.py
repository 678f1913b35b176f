"""What a document is made of: plain text throughout, whatever it is shown as later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


class Word(str):
    """A verdict within a cell, like “met”; pages show it as a badge."""

    __slots__ = ()

    @property
    def badge(self) -> bool:
        return True


@dataclass(frozen=True)
class Part:
    """One section: sentences, a table, or both. `key` names it for links and styles."""

    key: str
    title: str
    lines: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    source: str = ""  # where the numbers are from

    @property
    def empty(self) -> bool:
        return not (self.lines or self.rows)


@dataclass(frozen=True)
class Told:
    """What people wrote under one heading, in Markdown; untrusted."""

    key: str
    title: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Document:
    """A whole one. What was measured and what people wrote are never mixed."""

    title: str
    about: Sequence[str] = ()
    told: Sequence[Told] = ()
    parts: Sequence[Part] = ()
    end: str = field(default="")
