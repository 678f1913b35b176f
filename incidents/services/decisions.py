"""What an escalation has to do now: a pure function of what is known, so that every case can be tried (I5).

Time brings a level while nobody has the incident, or, where its condition says so, while it is not over. A fact brings
its level whoever has the incident. A level that was paged is paged again until somebody has it: a few rounds, the last
level for ever. After an outage what was missed is made up for once, not once for each time it was missed.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incidents.models import Condition, FactKind
from incidents.services.office_hours import next_open

REGARDLESS = frozenset({Condition.UNRESOLVED, Condition.CAUSE_UNKNOWN})  # an acknowledgement does not stop these


@dataclass(frozen=True)
class Paged:
    """When a level was paged last, and how often since somebody last had the incident."""

    at: datetime
    times: int = 1


@dataclass(frozen=True)
class View:
    """All a decision depends on. `held`: somebody has acknowledged it; `over`: users are served again; `free_since`:
    since when nobody has it (None: all the time); `response`: in which its severity wants it acknowledged."""

    policy: Mapping[str, Any]
    began_at: datetime
    paged: Mapping[int, Paged]
    facts: Mapping[str, datetime]
    held: bool = False
    over: bool = False
    zone: str = "UTC"
    free_since: datetime | None = None
    response: timedelta = timedelta(minutes=15)


@dataclass(frozen=True)
class Call:
    """A level to page now, for the `times`-th time; it was due at `due`."""

    position: int
    due: datetime
    times: int


@dataclass(frozen=True)
class Decision:
    calls: tuple[Call, ...] = ()
    due_at: datetime | None = None


def decide(view: View, now: datetime) -> Decision:
    """The levels to page now, and when to look again (None: only news changes anything)."""
    calls, later = [], []
    for level in view.policy["levels"]:
        due = _due(view, level)
        if due is None:
            continue
        if due <= now:
            calls.append(Call(level["position"], due, _times(view, level["position"]) + 1))
        else:
            later.append(due)
    again = [now + timedelta(minutes=view.policy["nag_minutes"])] if calls and not (view.held or view.over) else []
    return Decision(tuple(calls), min([*later, *again], default=None))


def stays(level: Mapping[str, Any], *, over: bool) -> bool:
    """Whether a page of that level is wanted although somebody has the incident, or (`over`) users are served."""
    return level["condition"] in FactKind.values or (level["condition"] in REGARDLESS and not over)


def bring(policy: Mapping[str, Any], paged: Container[int], after: int) -> bool:
    """Make the level behind that one due at once, whatever it waits for; False where there is none, or it was paged."""
    level = next((each for each in policy["levels"] if each["position"] > after), None)
    if level is None or level["position"] in paged:
        return False
    level |= {"after_minutes": 0, "condition": Condition.ALWAYS.value, "office_hours": False}
    return True


def _due(view: View, level: Mapping[str, Any]) -> datetime | None:
    """When the level is to be paged next; None: not as things are."""
    paged = view.paged.get(level["position"])
    due = _first(view, level) if paged is None else _again(view, level, paged)
    return next_open(due, view.zone) if due is not None and level["office_hours"] else due


def _again(view: View, level: Mapping[str, Any], paged: Paged) -> datetime | None:
    if view.held or view.over or (paged.times > view.policy["rounds"] and not _last(view, level["position"])):
        return None
    return paged.at + timedelta(minutes=view.policy["nag_minutes"])


def _first(view: View, level: Mapping[str, Any]) -> datetime | None:
    condition, after = level["condition"], timedelta(minutes=level["after_minutes"])
    if condition in FactKind.values:
        return view.facts[condition] + after if condition in view.facts else None
    if view.over or (view.held and condition not in REGARDLESS):
        return None
    if condition == Condition.CAUSE_UNKNOWN and FactKind.CAUSE_KNOWN in view.facts:
        return None
    if condition == Condition.UNANSWERED:
        after += view.response
    due = view.began_at + after
    return due if condition in REGARDLESS else max(due, view.free_since or due)


def _times(view: View, position: int) -> int:
    return view.paged[position].times if position in view.paged else 0


def _last(view: View, position: int) -> bool:
    """Whether no higher level was paged yet: somebody must go on hearing of it."""
    return position == max(view.paged, default=position)
