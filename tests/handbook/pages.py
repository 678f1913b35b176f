"""The handbook as its tests read it: pages, what is quoted in them, and the commands among it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
READ = [ROOT / "README.md", *PAGES]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
END = {">", ">>", "|", "&&", "&", ";"}  # where a command ends on a line of a shell


@dataclass(frozen=True)
class Quoted:
    """A command on a page: its words, what stands behind `ops` or `compose` alone."""

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


def blocks(text: str, *languages: str) -> list[str]:
    """What stands in blocks of code of these languages; of all without one."""
    return [content for language, content in FENCE.findall(text) if not languages or language in languages]


def inline(text: str) -> list[str]:
    """What is quoted within sentences and tables, each on one line."""
    return [" ".join(found.split()) for found in INLINE.findall(FENCE.sub("", text))]


def lines(text: str) -> Iterator[str]:
    """Every line that may be a command: those in blocks, put together where they go on, and what is quoted inline."""
    for block in blocks(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from inline(text)


def commands(before: str) -> list[Quoted]:
    """Every command on every page whose words follow `before`, a regular expression, up to its end on that line."""
    found = []
    for page in READ:
        for line in lines(page.read_text()):
            match = re.search(rf"^(?:.*\s)?(?:{before}) (?P<rest>.*)$", line.strip())
            if match and not line.strip().startswith("#"):
                found.append(Quoted(page.name, tuple(_words(match["rest"]))))
    return found


def _words(rest: str) -> Iterator[str]:
    for word in shlex.split(rest, comments=True):
        if word in END:
            return
        yield word.rstrip(";")
