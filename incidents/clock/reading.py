"""The clock as it stands now, out of the record alone: no engine is asked, and the number of questions is constant."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db.models import Q
from django.utils import timezone

from incidents.clock import choosing, comeback, taken
from incidents.clock.choosing import Choice
from incidents.clock.comeback import Comeback
from incidents.clock.history import History
from incidents.clock.known import KINDS
from incidents.clock.taken import Taken
from incidents.clock.ways import Way
from incidents.models import FactKind, Incident, Issue, Reckoning, Watch
from incidents.services import remedies
from smsops.models import ACTIVE, Decision, Run, RunState
from smsops.text import seconds_text


class State(StrEnum):
    """What the clock says."""

    RUNNING = "running"
    UNDER_WAY = "under_way"  # something that disturbs SMS is being done
    SERVES = "serves"  # SMS answers
    OVER = "over"  # the incident is resolved


@dataclass(frozen=True)
class Clock:
    """Everything the page, the command and a message say."""

    incident: Incident
    now: datetime
    state: State
    ways: list[Way]
    choice: Choice
    taken: list[Taken]
    comeback: Comeback | None = None
    watched: bool = False  # whether anybody has looked at SMS lately
    under_way: Taken | None = None  # the exclusive run that is being done
    waiting: list[Run] = field(default_factory=list)  # for a second person
    reckoning: Reckoning | None = None

    @property
    def deadline(self) -> datetime:
        """When the RTO is over."""
        return self.incident.rto_ends_at

    @property
    def left(self) -> float:
        """Seconds of the RTO; negative when it is over."""
        return (self.deadline - self.now).total_seconds()

    @property
    def advice_until(self) -> datetime | None:
        """Until when the recommended way fits."""
        return self.choice.way.fits_until if self.choice.way is not None and self.choice.fits else None


def of(incident: Incident, reckoning: Reckoning | None = None) -> Clock:
    """The clock of an incident, by the newest reckoning, or the one given."""
    now = timezone.now()
    known = reckoning or Reckoning.objects.filter(incident=incident).first()
    history = History(incident.environment)
    done = taken.since(incident, history)
    running, waiting = _active(incident)
    watch = Watch.objects.filter(environment=incident.environment_id).first()
    back = comeback.of(incident, watch, done, now)
    ways = choosing.ordered(_ways(incident, known, history, done, now)) if incident.live else []
    return Clock(
        incident, now, _state(incident, running, back), ways, choosing.choose(ways), done, back,
        comeback.fresh(watch, now), taken.of(running, history) if running is not None else None, waiting, known,
    )  # fmt: skip


def _state(incident: Incident, running: Run | None, back: Comeback | None) -> State:
    if not incident.live:
        return State.OVER
    if running is not None and running.disturbs:
        return State.UNDER_WAY
    return State.SERVES if back is not None else State.RUNNING


def _active(incident: Incident) -> tuple[Run | None, list[Run]]:
    """The exclusive run that is under way, and those that would disturb SMS and wait for a second person."""
    waits = Q(state=RunState.PLANNED, disturbs=True, approval__decision=Decision.WAITING)
    found = Run.objects.filter(waits | Q(state__in=ACTIVE, exclusive=True), environment=incident.environment_id)
    runs = list(found.select_related("environment").order_by("pk"))
    running = next((run for run in runs if run.state in ACTIVE), None)
    return running, [run for run in runs if run.state == RunState.PLANNED]


def _ways(incident: Incident, known: Reckoning | None, history: History, done: list[Taken], now: datetime) -> list[Way]:
    records = remedies.records(incident.environment, None, incident.fingerprint)
    damaged = incident.facts.filter(kind=FactKind.INTEGRITY_FAILED).exists()
    tried = {each.key: _tried(each) for each in done if each.run.finished and each.run.state != RunState.CANCELLED}
    seen = known.ways if known is not None else {}
    deadline = incident.rto_ends_at
    return [
        Way(kind, seen.get(kind.key, {}), history.expected(kind), now, deadline, tried.get(kind.key, ""),
            records.get(kind.key, remedies.NEVER), damaged)
        for kind in KINDS
    ]  # fmt: skip


def _tried(done: Taken) -> str:
    at = timezone.localtime(done.run.started_at)
    verdict, took = done.run.get_state_display().lower(), seconds_text(done.run.seconds)
    return f"It was tried at {at:%H:%M} ({verdict} after {took}), and the incident is not over."


def concerns(clock: Clock) -> bool:
    """Whether the page has a clock: not where it is over and was about something else, nor where it is about something
    else and nobody knows whether SMS answers."""
    if clock.state == State.OVER:
        return clock.incident.issue == Issue.SERVICE or bool(clock.taken)
    about = clock.incident.issue in (Issue.SERVICE, Issue.UNKNOWN)
    return about or clock.watched or clock.state != State.RUNNING
