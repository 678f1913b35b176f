"""What is wrong now, gravest first, each with the one link or button that helps (U3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from incidents.dashboard.cards import Card
from incidents.dashboard.matters import INCIDENT, Matter, Open
from incidents.dashboard.running import Running, Under
from incidents.dashboard.standings import Standing, nobody_looks
from incidents.models import IncidentState, Severity
from smsops.models import RunState
from smsops.troubles import Trouble

Route = tuple[str, tuple[object, ...]]  # the name of a page of the admin, and what it is about
SHOWN = 12
RANKS = {Severity.CRITICAL: 0, Severity.HIGH: 2, Severity.MEDIUM: 5, Severity.LOW: 8}
AWAY, LATE, STUCK, UNSEEN, ITSELF, KEYS, COMING, DRILL, WELL = 1, 3, 4, 4, 4, 6, 7, 9, 10
TIMED = (Severity.CRITICAL, Severity.HIGH)  # these have a clock: it counts down the RTO


@dataclass(frozen=True)
class Wrong:
    """One line. `badge` is a word with a tone, `word` what is written on it; `until` ends the RTO; `press` is what is
    written on a button this person may press. Addresses are made for the few lines that are shown."""

    rank: int
    badge: str
    word: str
    title: str
    route: Route | None = None
    where: str = ""
    at: datetime | None = None
    said: str = ""
    until: datetime | None = None
    press: str = ""
    press_route: Route | None = None

    @property
    def url(self) -> str:
        return _address(self.route)

    @property
    def press_url(self) -> str:
        return _address(self.press_route)


@dataclass(frozen=True)
class Ordered:
    """The gravest, and how many lines there are in all."""

    lines: Sequence[Wrong]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.lines)


def ordered(lines: Iterable[Wrong]) -> Ordered:
    """Gravest first; of what is equally bad the oldest."""
    found = sorted(lines, key=lambda line: (line.rank, line.at.timestamp() if line.at else 0.0, line.where))
    return Ordered(found[:SHOWN], len(found))


def gravity(each: Standing, incidents: Mapping[int, int]) -> tuple[int, str]:
    """Where an environment comes among the others: the gravest first, then by name."""
    found = [incidents.get(each.pk, WELL), AWAY if each.away else WELL, LATE if each.late else WELL]
    return min(*found, WELL if each.fresh else UNSEEN), each.label.casefold()


def worst(found: Open) -> dict[int, int]:
    """How bad the worst live incident of each environment is, by its id."""
    ranks: dict[int, int] = {}
    for each in found.of(INCIDENT):
        ranks[each.place] = min(ranks.get(each.place, WELL), _rank(each))
    return ranks


def _rank(each: Matter) -> int:
    return DRILL if each.drill else RANKS[Severity(each.word)]


def of(user: Any, standings: Sequence[Standing], found: Open, running: Running, cards: Sequence[Card]) -> list[Wrong]:
    """Everything, in no order."""
    incidents = found.of(INCIDENT)
    told = {each.place for each in incidents if not each.drill}
    somebody = not nobody_looks(standings)  # else that is said once, and louder
    return [
        *(_incident(each, user) for each in incidents),
        *(_away(each) for each in standings if each.away and each.pk not in told),
        *(_degraded(each) for each in standings if each.health == "degraded" and each.pk not in told),
        *(_unwatched(each) for each in standings if each.health == "absent" and each.backup_at is not None),
        *(_late(each, user) for each in standings if each.late),
        *(_unseen(each) for each in standings if not each.fresh and somebody),
        *(_stuck(each) for each in running.runs if each.unattended),
        *(_coming(each, user) for each in cards if each.breach is not None and not each.standing.late),
    ]


def _address(route: Route | None) -> str:
    return reverse(f"admin:{route[0]}", args=route[1]) if route is not None else ""


def _incident(each: Matter, user: Any) -> Wrong:
    severity, state = Severity(each.word), IncidentState(each.state)
    who = f"{each.who} has it" if each.taken and each.who else "nobody has it" if state == IncidentState.OPEN else ""
    timed = severity in TIMED and not each.drill and state != IncidentState.MITIGATED and each.at is not None
    press, route = _answer(each, user)
    return Wrong(
        rank=_rank(each),
        badge=severity,
        word=str(severity.label),
        title=each.title,
        route=("incidents_incident_change", (each.pk,)),
        where=each.where,
        at=each.at,
        said=", ".join(filter(None, ("a drill" if each.drill else "", state.label.lower(), who))),
        until=each.at + timedelta(minutes=each.number) if timed and each.at else None,
        press=press,
        press_route=route,
    )


def _answer(each: Matter, user: Any) -> tuple[str, Route | None]:
    """The one thing to do about an incident, for who may."""
    if each.run_state == RunState.NEEDS_HUMAN and each.run and user.has_perm("smsops.view_run"):
        return "What to do by hand", ("smsops_run_change", (each.run,))
    if each.state == IncidentState.OPEN and user.has_perm("incidents.acknowledge_incident"):
        return "Acknowledge", ("incidents_incident_do", (each.pk, "acknowledge"))
    return "", None


def _environment(each: Standing) -> Route:
    return "incidents_dashboard_of", (each.name,)


def _away(each: Standing) -> Wrong:
    return Wrong(AWAY, each.health, each.health.capitalize(), "SMS does not serve", _environment(each), each.label,
                 each.since, each.detail)  # fmt: skip


def _degraded(each: Standing) -> Wrong:
    return Wrong(LATE, each.health, "Degraded", "SMS serves, but not well", _environment(each), each.label,
                 each.since, each.detail)  # fmt: skip


def _unwatched(each: Standing) -> Wrong:
    """There is data that is backed up, so there is an SMS; smsops did not start it, and so does not look at it."""
    said = "it was not started by smsops: deploy the release that runs, and it is looked at"
    return Wrong(UNSEEN, "unknown", "Not watched", "Nobody looks whether SMS serves", _environment(each), each.label,
                 said=said)  # fmt: skip


def _late(each: Standing, user: Any) -> Wrong:
    said = f"RPO {each.rpo_minutes} min" + ("" if each.backups_enabled else "; scheduled backups are off")
    title = "The last good backup is too old" if each.backup_at else "There is no good backup yet"
    press, route = _back_up(each, user)
    return Wrong(LATE, "late", "RPO is broken", title, _environment(each), each.label, each.backup_at, said,
                 press=press, press_route=route)  # fmt: skip


def _back_up(each: Standing, user: Any) -> tuple[str, Route | None]:
    if not user.has_perm("smsops.backup_environment"):
        return "", None
    return "Back up now", ("smsops_environment_do", (each.pk, "backup"))


def _unseen(each: Standing) -> Wrong:
    title = "Nobody looks at SMS" if each.looked_at else "Nobody has ever looked at SMS"
    said = "start a worker that takes its queue"
    return Wrong(UNSEEN, "unknown", "Unknown", title, _environment(each), each.label, each.looked_at, said)


def _stuck(each: Under) -> Wrong:
    said = "no worker takes it up"
    return Wrong(STUCK, "stuck", "Stuck", each.title, ("smsops_run_change", (each.pk,)), each.place,
                 each.next_tick_at, said)  # fmt: skip


def _coming(card: Card, user: Any) -> Wrong:
    each, (press, route) = card.standing, _back_up(card.standing, user)
    return Wrong(COMING, "warn", "Coming", str(card.breach), _environment(each), each.label,
                 press=press, press_route=route)  # fmt: skip


def of_keys(said: str) -> Wrong:
    """That the backups hang by one disk."""
    return Wrong(KEYS, "warn", "Keys", "The backups hang by one disk", said=said)


def of_itself(trouble: Trouble, said: str) -> Wrong:
    """That something is wrong with smsops itself."""
    return Wrong(ITSELF, "fail", "smsops", trouble.called, (trouble.page, ()), said=said)
