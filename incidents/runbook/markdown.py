"""The whole runbook as Markdown: for paper, and for the night in which smsops is down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from django.utils import timezone

from incidents.documents.markdown import escape, quoted
from incidents.models import RunbookNote
from incidents.runbook.chapters import Chapter, Runbook
from smsops.runbook.blocks import Block, Fact

WITH = "With smsops:"
WITHOUT = "Without smsops, on SMS's own machine:"
MANAGE = "python manage.py "


def of(runbook: Runbook) -> str:
    """All sections, as they were when it was made."""
    blocks = [f"# {escape(runbook.title)}", _head(runbook), *(_chapter(each) for each in runbook.chapters)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(runbook: Runbook) -> str:
    made = f"{timezone.localtime(runbook.made):%Y-%m-%d %H:%M %Z}"
    updated = "never"
    if runbook.updated is not None:
        updated = f"{timezone.localtime(runbook.updated):%Y-%m-%d %H:%M} by {runbook.updated_by}"
    lines = [("Status", runbook.status), ("Last updated", updated), ("Applies to", runbook.applies_to),
             ("Printed", f"{made}; what stands here was true then")]  # fmt: skip
    return "\n".join(f"- **{label}**: {escape(value)}" for label, value in lines if value)


def _chapter(chapter: Chapter) -> str:
    section = chapter.section
    point = "." if section.depth == 1 else ""
    parts = [f"{'#' * (section.depth + 1)} {section.number}{point} {escape(section.title)}", escape(section.text)]
    for block in chapter.blocks:
        parts += [_facts(block.facts), "\n\n".join(map(escape, block.lines)), _table(block)]
    commands = [MANAGE + line for block in chapter.blocks for line in block.commands]
    parts += _code(WITH, commands) + _code(WITHOUT, [line for block in chapter.blocks for line in block.by_hand])
    parts += [_note(note) for note in (chapter.general, chapter.own) if note is not None]
    return "\n\n".join(part for part in parts if part)


def _facts(facts: Sequence[Fact]) -> str:
    return "\n".join(
        f"- **{escape(fact.label)}**: {escape(fact.value)}{f' ({escape(fact.word)})' if fact.word else ''}"
        for fact in facts
    )


def _table(block: Block) -> str:
    if not block.rows:
        return ""
    rows = [block.head, ["---"] * len(block.head)]
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([*lines, *(f"| {' | '.join(map(escape, row))} |" for row in block.rows)])


def _code(title: str, lines: Iterable[str]) -> list[str]:
    """Commands as they are typed; nothing in one ends the fence around them."""
    told = "\n".join(" ".join(line.splitlines()) for line in dict.fromkeys(lines))
    if not told:
        return []
    fence = "`" * max(3, *(len(found) + 1 for found in re.findall(r"`+", told)), 3)
    return [title, f"{fence}sh\n{told}\n{fence}"]


def _note(note: RunbookNote) -> str:
    whose = "all environments" if note.environment_id is None else "this environment"
    said = f"Note for {whose}, {timezone.localtime(note.at):%Y-%m-%d %H:%M} by {note.author_name}:"
    return f"{escape(said)}\n\n{quoted(note.text)}"
