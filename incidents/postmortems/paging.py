"""Who was paged when, and who answered after how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from incidents.models import EntryKind, Incident, Page, PageKind, PageState, TimelineEntry
from incidents.services.lifecycle import DECLINED, TAKEN

WORKS = (PageKind.PAGE, PageKind.REMINDER)


def of(incident: Incident, entries: Sequence[TimelineEntry]) -> list[dict[str, Any]]:
    """One line for every person and level, in the order in which they were paged first."""
    pages = Page.objects.filter(incident=incident, kind__in=WORKS, user__isnull=False).exclude(
        state=PageState.CANCELLED
    )
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for page in pages.select_related("user", "contact").order_by("due_at", "pk"):
        person = page.user.get_username() if page.user else ""
        line = found.setdefault((page.level, person), _line(page, person))
        line["times"] += 1
        line["late"] = line["late"] or page.late
        line["reached"] = line["reached"] or page.state == PageState.SENT
    for line in found.values():
        line |= _answer(line["person"], line["at"], entries)
    return list(found.values())


def _line(page: Page, person: str) -> dict[str, Any]:
    return {"person": person, "level": page.level, "at": page.due_at.isoformat(), "times": 0, "late": "",
            "reached": False}  # fmt: skip


def _answer(person: str, since: str, entries: Sequence[TimelineEntry]) -> dict[str, Any]:
    for entry in entries:
        if entry.author != person or entry.at.isoformat() < since:
            continue
        took = entry.kind == EntryKind.STATE and entry.text.startswith(TAKEN)
        declined = entry.kind == EntryKind.PAGE and entry.text == DECLINED
        if took or declined:
            return {"answer": "took it" if took else "declined", "answered": entry.at.isoformat()}
    return {"answer": "", "answered": ""}
