"""What one step of an escalation says: its pages and its lines on the timeline, gathered and then put down together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from incidents.models import EntryKind, Escalation, Page, PageKind, TimelineEntry
from incidents.services import incidents, pages
from incidents.services.decisions import Call
from incidents.services.recipients import Reached, Recipient
from smsops.text import seconds_text

LATE = timedelta(seconds=15)  # beyond that a page says how late it is


class StepWords:
    """Whoever is asked by one of its levels is not asked again by the next."""

    def __init__(self, escalation: Escalation, why_late: str, now: datetime) -> None:
        self.escalation, self.why_late, self.now = escalation, why_late, now
        self.asked: set[str] = set()
        self.pages: list[Page] = []
        self.lines: list[TimelineEntry] = []

    def note(self, text: str) -> None:
        """Say it on the timeline."""
        self.lines.append(incidents.line(self.escalation.incident, EntryKind.PAGE, text))

    def write(self, kind: str, text: str, to: Iterable[Recipient], level: int, late: str = "") -> None:
        """Ask those of them who are not asked yet."""
        new = [each for each in to if each.mark not in self.asked]
        self.asked |= {each.mark for each in new}
        key = f"e{self.escalation.pk}.{self.escalation.turn}.l{level}"
        incident, about = self.escalation.incident, {"escalation": self.escalation, "level": level, "late": late}
        self.pages += pages.rows(incident, kind, text, new, key, **about)

    def page(self, call: Call, reached: Reached, text: str) -> None:
        """Page a level; the first time the timeline says whom."""
        kind, late = PageKind.PAGE if call.times == 1 else PageKind.REMINDER, self._late(call)
        self.write(kind, text, reached.recipients, call.position, late)
        if call.times == 1:
            self._tell(call, reached, late)

    def _late(self, call: Call) -> str:
        by = self.now - call.due
        if by <= LATE:
            return ""
        return f"{seconds_text(by.total_seconds())} late: {self.why_late or 'it could not be done earlier'}"[:200]

    def _tell(self, call: Call, reached: Reached, late: str) -> None:
        who = f"is paged: {', '.join(reached.names)}." if reached.names else "reaches nobody; the next one is asked."
        gaps = f" But {'; '.join(reached.gaps)}." if reached.gaps else ""
        self.note(f"Level {call.position} {who}{gaps}{f' It is {late}.' if late else ''}")


def put(words: Iterable[StepWords]) -> int:
    """Write all of it down; return how many pages that were."""
    said = list(words)
    TimelineEntry.objects.bulk_create([line for each in said for line in each.lines])
    return pages.put([page for each in said for page in each.pages])
