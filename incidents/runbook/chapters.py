"""The runbook of an environment, or of all, as it is now: its sections in the paper's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from incidents.models import RunbookNote
from incidents.runbook import notes
from smsops.models import Environment
from smsops.runbook import paper, registry
from smsops.runbook.blocks import Block, Fact
from smsops.runbook.paper import Section
from smsops.runbook.registry import View

LAST = 20  # versions of notes in §10
LOG_HEAD = ("Date", "Section", "Whose", "Version", "Author")


@dataclass(frozen=True)
class Chapter:
    """One section: what the rooms say in it, and what people wrote, for all environments and for this one."""

    section: Section
    blocks: Sequence[Block]
    general: RunbookNote | None
    own: RunbookNote | None


@dataclass(frozen=True)
class Runbook:
    """All of it. `updated` and `updated_by` tell of the newest note, as the paper's header does."""

    environment: Environment | None
    chapters: Sequence[Chapter]
    status: str
    applies_to: str
    updated: datetime | None
    updated_by: str
    made: datetime

    @property
    def title(self) -> str:
        return f"Runbook of {self.environment}" if self.environment is not None else "Runbook"


def place_of(name: str) -> Environment | None:
    """The environment of that name, with all that the readers ask of it."""
    with_all = Environment.objects.select_related("watch", "log_following", "schedule", "retention")
    return with_all.filter(name=name).first()


def read(environment: Environment | None, user: Any) -> Runbook:
    """Put it together for somebody who may see environments."""
    view = View(environment, user)
    said, found, log = registry.read(view), notes.newest(environment), notes.history(environment, LAST)
    own = _own(view, log)
    last = log[0] if log else None
    watch = getattr(environment, "watch", None) if environment is not None else None
    return Runbook(
        environment=environment,
        chapters=[
            Chapter(
                section,
                [*said.get(section.number, ()), *own.get(section.number, ())],
                notes.written(found, section.number, None),
                notes.written(found, section.number, environment) if environment is not None else None,
            )
            for section in paper.SECTIONS
        ],
        status=f"SMS is {watch.word(view.now)}" if watch is not None else "Not watched yet" if environment else "",
        applies_to=watch.release if watch is not None else "",
        updated=last.at if last is not None else None,
        updated_by=last.author_name if last is not None else "",
        made=view.now,
    )


def _own(view: View, log: Sequence[RunbookNote]) -> dict[str, Sequence[Block]]:
    rows = [
        (f"{timezone.localtime(note.at):%Y-%m-%d %H:%M}", f"§{note.section}",
         "all" if note.environment_id is None else "this one", str(note.version), note.author_name)
        for note in log
    ]  # fmt: skip
    empty = () if rows else ("Nobody has written a note yet.",)
    guides = dict.fromkeys(section.guide for section in paper.SECTIONS if section.guide)
    facts = [Fact(f"docs/{guide}", ", ".join(f"§{each.number}" for each in paper.SECTIONS if each.guide == guide))
             for guide in guides]  # fmt: skip
    facts.append(Fact("docs/restoring-without-smsops.md", "§4.2, when smsops is gone"))
    if settings.SMSOPS_PUBLIC_URL:
        facts.append(Fact("smsops", settings.SMSOPS_PUBLIC_URL))
    return {"10": [Block(lines=empty, head=LOG_HEAD, rows=rows)], "11": [Block(facts=facts)]}
