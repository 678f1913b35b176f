"""The part of the dashboard that changes from minute to minute: wrong, running, waiting, due (U3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from backups.selectors import key_warning, keyring
from incidents.dashboard import due, matters, running, standings, verdict, wrong
from incidents.dashboard.cards import Card
from incidents.dashboard.due import Listed
from incidents.dashboard.matters import Open
from incidents.dashboard.running import Running
from incidents.dashboard.standings import Standing
from incidents.dashboard.wrong import Ordered
from smsops import troubles, zones
from smsops.text import count_text


@dataclass(frozen=True)
class Now:
    """As far as one person may see it."""

    standings: Sequence[Standing]
    found: Open
    running: Running
    wrong: Ordered
    unwatched: bool
    sees_incidents: bool

    @cached_property
    def waiting(self) -> Listed:
        return due.approvals(self.found)

    @cached_property
    def due(self) -> Listed:
        return due.others(self.found)

    @cached_property
    def well(self) -> str:
        """That all is well; empty where it is not, where SMS is being changed, or where there is nothing."""
        changing = any(each.changing for each in self.standings)
        nothing = self.wrong.total or self.unwatched or changing or not self.standings
        return "" if nothing else verdict.sentence(self.standings)

    @cached_property
    def counts(self) -> str:
        return verdict.counts(self.standings)

    @property
    def looked_at(self) -> datetime | None:
        """The oldest of the last looks: everything said is at least as young."""
        return min((each.looked_at for each in self.standings if each.looked_at is not None), default=None)

    @property
    def said(self) -> str:
        """All of it in a sentence, told aloud when it changes."""
        bad = count_text(self.wrong.total, "thing")
        verb = "is" if self.wrong.total == 1 else "are"
        first = f"{bad} {verb} wrong." if self.wrong.total else "Nobody is watching." if self.unwatched else self.well
        runs = f"Running: {', '.join(each.title for each in self.running.runs)}." if self.running.runs else ""
        return zones.told(f"{first} {runs}".strip())


def read(user: Any, place: int | None = None) -> tuple[Open, Running]:
    """What is open and what runs, of all environments or of one; two questions."""
    return matters.read(user, place), running.read(user, place)


def made(user: Any, all_of: Sequence[Standing], found: Open, under: Running, cards: Sequence[Card] = ()) -> Now:
    """Everything together. What is known of the cards alone, like a breach to come, is told only where they are."""
    lines = wrong.of(user, all_of, found, under, cards)
    at_risk = keyring().at_risk() if user.has_perm("backups.view_backup") else []
    if at_risk:
        lines.append(wrong.of_keys(key_warning(at_risk)))
    lines += [wrong.of_itself(trouble, said) for trouble, said in troubles.seen_by(user)]
    return Now(
        all_of, found, under, wrong.ordered(lines), standings.nobody_looks(all_of),
        user.has_perm("incidents.view_incident"),
    )  # fmt: skip
