"""The operations log as Markdown, for a runbook, and as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deployments.operations.log import Entry
from smsops.redact import redact
from smsops.text import seconds_text

HEAD = ("When (UTC)", "What", "From → to", "By", "Why", "Verdict", "SMS away")


def line(entry: Entry) -> list[str]:
    """One entry in words, in the order of HEAD."""
    run = entry.run
    return [
        f"{run.created_at:%Y-%m-%d %H:%M}",
        entry.what,
        change_text(entry),
        run.actor_name or "smsops",
        run.reason,
        run.get_state_display(),
        away_text(entry),
    ]


def change_text(entry: Entry) -> str:
    """`1.18.0 → 1.18.1`; one version where it stayed."""
    if not entry.before or entry.before == entry.after:
        return entry.after or "—"
    return f"{entry.before} → {entry.after}"


def away_text(entry: Entry) -> str:
    """How long SMS did not answer."""
    return "not at all" if entry.away == 0 else seconds_text(entry.away)


def markdown(title: str, entries: Sequence[Entry]) -> str:
    """A table with a line for each entry; what people wrote cannot break it."""
    rows = [HEAD, ("---",) * len(HEAD), *([_cell(text) for text in line(entry)] for entry in entries)]
    return "\n".join([f"# {title}", "", *(f"| {' | '.join(row)} |" for row in rows), ""])


def _cell(text: str) -> str:
    plain = " ".join(redact(text).split())
    for mark in "\\|`<>*_[]":
        plain = plain.replace(mark, f"\\{mark}")
    return plain


def as_data(entry: Entry) -> dict[str, Any]:
    """An entry as JSON."""
    run = entry.run
    return {
        "run": run.pk,
        "kind": run.kind,
        "what": entry.what,
        "at": run.created_at,
        "finished_at": run.finished_at,
        "from": entry.before,
        "to": entry.after,
        "by": run.actor_name,
        "reason": run.reason,
        "verdict": run.get_state_display(),
        "state": run.state,
        "away_seconds": entry.away,
    }
