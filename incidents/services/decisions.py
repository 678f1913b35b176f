"""What an escalation has to do now: a pure function of what is known, so that every case can be tried (I5).

Time brings a level while nobody has the incident, or, where its condition says so, while it is not over. A fact brings
its level whoever has the incident. Where a level reaches nobody, or somebody cannot take it, the next is brought while
nobody has the incident; what that one waits for itself still counts. A level that was paged is paged again until
somebody has it: a few rounds, the last level for ever. After an outage what was missed is made up for once, not once
for each time it was missed.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incidents.models import Condition, FactKind
from incidents.services.office_hours import next_open

Level = Mapping[str, Any]
REGARDLESS = frozenset({Condition.UNRESOLVED, Condition.CAUSE_UNKNOWN})  # an acknowledgement does not stop these


@dataclass(frozen=True)
class Paged:
    """When a level was paged last, how often since somebody last had the incident, and whether its `own` condition
    was met: else it was only brought."""

    at: datetime
    times: int = 1
    own: bool = True


def remembered(paged: Mapping[str, Any]) -> dict[int, Paged]:
    """The same as an escalation's row has it."""
    return {
        int(position): Paged(datetime.fromisoformat(each["at"]), each["times"], each.get("own", True))
        for position, each in paged.items()
    }


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
    """A level to page now, for the `times`-th time; it was due at `due`, by its `own` condition or brought."""

    position: int
    due: datetime
    times: int
    own: bool = True


@dataclass(frozen=True)
class Decision:
    calls: tuple[Call, ...] = ()
    due_at: datetime | None = None


def decide(view: View, now: datetime) -> Decision:
    """The levels to page now, and when to look again (None: only news changes anything)."""
    calls, later = [], []
    for level in view.policy["levels"]:
        call = _next(view, level, now)
        if call is not None and call.due <= now:
            calls.append(call)
        elif call is not None:
            later.append(call.due)
    again = [now + timedelta(minutes=view.policy["nag_minutes"])] if calls and not (view.held or view.over) else []
    return Decision(tuple(calls), min([*later, *again], default=None))


def stays(level: Level, *, over: bool) -> bool:
    """Whether a page of that level is wanted although somebody has the incident, or (`over`) users are served."""
    return level["condition"] in FactKind.values or (level["condition"] in REGARDLESS and not over)


def bring(policy: Mapping[str, Any], paged: Container[int], after: int, at: datetime) -> bool:
    """Make the level behind that one due from that moment on, by day and night, while nobody has the incident; what it
    waits for itself stays. False where there is none, or it was paged."""
    level = next((each for each in policy["levels"] if each["position"] > after), None)
    if level is None or level["position"] in paged:
        return False
    level.setdefault("brought", at.isoformat())
    return True


def _next(view: View, level: Level, now: datetime) -> Call | None:
    """How the level is to be paged next; None: not as things are. Of what is due its own condition counts."""
    paged = view.paged.get(level["position"])
    ways = (_own(view, level, paged), _brought(view, level) if paged is None else _again(view, level, paged))
    known = [call for call in ways if call is not None]
    due = [call for call in known if call.due <= now]
    return due[0] if due else min(known, key=lambda call: call.due, default=None)


def _own(view: View, level: Level, paged: Paged | None) -> Call | None:
    """Once. A level that was only brought is paged by it as well if an acknowledgement does not stop that."""
    if paged is not None and (paged.own or not stays(level, over=view.over)):
        return None
    due = _first(view, level)
    return Call(level["position"], _opening(view, level, due), 1) if due is not None else None


def _brought(view: View, level: Level) -> Call | None:
    if "brought" not in level or view.held or view.over:
        return None
    at = datetime.fromisoformat(level["brought"])
    return Call(level["position"], max(at, view.free_since or at), 1, own=False)


def _again(view: View, level: Level, paged: Paged) -> Call | None:
    if view.held or view.over or (paged.times > view.policy["rounds"] and not _last(view, level["position"])):
        return None
    due = paged.at + timedelta(minutes=view.policy["nag_minutes"])
    at = due if "brought" in level else _opening(view, level, due)
    return Call(level["position"], at, paged.times + 1, paged.own)


def _opening(view: View, level: Level, due: datetime) -> datetime:
    return next_open(due, view.zone) if level["office_hours"] else due


def _first(view: View, level: Level) -> datetime | None:
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


def _last(view: View, position: int) -> bool:
    """Whether no higher level was paged yet: somebody must go on hearing of it."""
    return position == max(view.paged, default=position)
