"""A document as Markdown that says what it says and does nothing, whoever renders it.

What was measured is escaped. What people wrote keeps its formatting but stands in a quotation, so that none of it can
pass for a heading or a table of ours; markup, pictures and links that run something are made harmless.
"""

from __future__ import annotations

import re

from incidents.documents.parts import Document, Part, Told
from smsops.redact import redact

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LIST = re.compile(r"^(\s*)([-+]|\d+[.)])(\s)")
_SCHEME = re.compile(r"(?i)(javascript|vbscript|data|file)((?:&#0*58;?|&#x0*3a;?|&colon;|:))")


def escape(text: str) -> str:
    """One line of plain text; what would be formatting is shown as it is."""
    plain = _SPECIAL.sub(r"\\\1", " ".join(redact(str(text)).split()))
    return _LIST.sub(lambda found: f"{found[1]}\\{found[2]}{found[3]}", plain)


def quoted(text: str) -> str:
    """What people wrote, as a quotation: no markup, no pictures, no links that run something."""
    safe = text.replace("\r\n", "\n").replace("<", "&lt;").replace("![", "!\\[")
    safe = _SCHEME.sub(r"\1 ", safe)
    return "\n".join(f"> {line}".rstrip() for line in safe.splitlines())


def of(document: Document) -> str:
    """The whole document."""
    blocks = [f"# {escape(document.title)}", "  \n".join(escape(line) for line in document.about)]
    if document.told:
        blocks += ["## What people say", *map(_told, document.told)]
    if document.parts:
        blocks += ["## What was measured", *(_part(part) for part in document.parts if not part.empty)]
    blocks.append(escape(document.end))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _told(told: Told) -> str:
    return f"### {escape(told.title)}\n\n{quoted(told.text) or '*Nobody has written anything here yet.*'}"


def _part(part: Part) -> str:
    blocks = [f"### {escape(part.title)}", "\n".join(f"- {escape(line)}" for line in part.lines)]
    if part.rows:
        rows = [part.head, ["---"] * len(part.head)]
        table = [f"| {' | '.join(map(str, row))} |" for row in rows]
        table += [f"| {' | '.join(map(escape, row))} |" for row in part.rows]
        blocks.append("\n".join(table))
    if part.source:
        blocks.append(f"*{escape(part.source)}*")
    return "\n\n".join(block for block in blocks if block)
