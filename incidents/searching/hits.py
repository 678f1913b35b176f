"""What was found in a text, as pieces of which some are the words looked for: no markup, so nothing to inject."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

AROUND = 80  # characters on either side of the first word
BEGIN, END = "\ue000", "\ue001"  # private marks that no text holds: they are taken out of it before


@dataclass(frozen=True)
class Piece:
    """A stretch of text; `hit` where it is one of the words."""

    text: str
    hit: bool = False


def plain(text: str, words: Sequence[str]) -> list[Piece]:
    """The surroundings of the first word that is found, each word in them marked."""
    flat = " ".join(text.split())
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    first = pattern.search(flat)
    start = max(0, first.start() - AROUND) if first else 0
    end = min(len(flat), (first.end() if first else 0) + AROUND)
    cut = flat[start:end]
    pieces, at = [Piece("… ")] if start else [], 0
    for found in pattern.finditer(cut):
        pieces += [Piece(cut[at : found.start()]), Piece(found[0], True)]
        at = found.end()
    pieces += [Piece(cut[at:]), *([Piece(" …")] if end < len(flat) else [])]
    return [piece for piece in pieces if piece.text]


def marked(text: str) -> list[Piece]:
    """From text in which the database has marked the words."""
    pieces = []
    for at, part in enumerate(re.split(f"[{BEGIN}{END}]", text)):
        pieces.append(Piece(part, at % 2 == 1))
    return [piece for piece in pieces if piece.text]
