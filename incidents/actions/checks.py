"""What can prove that an action item is done: a registry, to which other rooms may add (I12).

Each says whether it holds now (None: nobody can tell yet) and why, in one sentence. Evidence begins when the incident
was over: what was good before it is no proof that it will not happen again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from incidents.models import ActionItem
from smsops.text import count_text


@dataclass(frozen=True)
class Verdict:
    """What the evidence says now."""

    holds: bool | None
    said: str


@dataclass(frozen=True)
class Evidence:
    """One kind of proof. `named`: what “which” means for it; empty where it needs none. `lasting`: the days count."""

    key: str
    title: str
    ask: Callable[[ActionItem], Verdict]
    named: str = ""
    lasting: bool = True


_KNOWN: dict[str, Evidence] = {}


def add(*kinds: Evidence) -> None:
    """Make kinds of proof known."""
    _KNOWN.update({kind.key: kind for kind in kinds})


def known() -> dict[str, Evidence]:
    """All of them, by key."""
    return dict(_KNOWN)


def ask(item: ActionItem) -> Verdict:
    """What the proof of this item says now."""
    kind = _KNOWN.get(item.check_key)
    if kind is None:
        return Verdict(None, f"Nobody here knows the proof “{item.check_key}” any more.")
    return kind.ask(item)


def since(item: ActionItem) -> datetime:
    """When evidence begins to count."""
    return item.incident.resolved_at or item.created_at


def lasted(item: ActionItem, start: datetime, good: str) -> Verdict:
    """It has been so since `start`: that is enough after the days the item asks for."""
    days = (timezone.now() - start).total_seconds() / 86400
    asked = count_text(item.check_days, "day")
    if days >= item.check_days:
        return Verdict(True, f"{good} for {asked}.")
    return Verdict(None, f"{good} for {days:.1f} of {asked}.")


def window(item: ActionItem) -> datetime:
    """The beginning of the days that count now: the last ones, and none before the incident was over."""
    return max(since(item), timezone.now() - timedelta(days=item.check_days))
