"""What was done since it began: which runs disturbed SMS, and what was expected of each against what it took (I9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incidents.clock.history import Expected, History, told
from incidents.clock.known import BY_KEY
from incidents.models import Incident
from incidents.responses.known import of_run
from smsops.models import Run
from smsops.text import seconds_text

MOST = 20  # runs


@dataclass(frozen=True)
class Taken:
    """A run, and what was expected of it when it began."""

    run: Run
    key: str
    expected: Expected | None

    @property
    def sentence(self) -> str:
        """`took 14 s; expected was: about 12 s, hardly more than 30 s (done 7 times)`."""
        if not self.run.finished or self.run.started_at is None:
            return ""
        known = f"; expected was: {self.expected.text}" if self.expected is not None else ""
        return f"took {seconds_text(self.run.seconds)}{known}"


def since(incident: Incident, history: History) -> list[Taken]:
    """Every run that disturbed SMS from its beginning to its end, the oldest first; the one it came from is none."""
    found = Run.objects.filter(environment=incident.environment_id, disturbs=True, started_at__gte=incident.began)
    if incident.resolved_at is not None:
        found = found.filter(started_at__lte=incident.resolved_at)
    found = found.exclude(pk=incident.run_id) if incident.run_id else found
    return [of(run, history) for run in found.order_by("started_at")[:MOST]]


def of(run: Run, history: History) -> Taken:
    """What was expected of it, by what had been measured before it began."""
    response = of_run(run)
    key = response.key if response is not None else ""
    return Taken(run, key, _expected(key, history, run.started_at))


def _expected(key: str, history: History, at: datetime | None) -> Expected | None:
    if key in BY_KEY:
        return history.expected(BY_KEY[key], at)
    found = history.estimate(key, at)
    return Expected(found.half, found.most, found.count, told(found)) if found is not None else None


def against_the_clock(incident: Incident, taken: Taken) -> str:
    """How a run that is over stands to what was expected of it and to the RTO; for the incident's timeline."""
    run, minutes = taken.run, incident.environment.rto_minutes
    if not taken.sentence or run.finished_at is None or run.started_at is None:
        return ""
    left = incident.rto_ends_at - run.finished_at
    after = seconds_text((run.started_at - incident.detected_at).total_seconds())
    end = f"{seconds_text(abs(left.total_seconds()))} {'before' if left >= timedelta() else 'after'} the end"
    return f"It was begun {after} after detection, {taken.sentence}; it was over {end} of the RTO ({minutes} min)."


def as_data(taken: Taken) -> dict[str, Any]:
    """As JSON; seconds."""
    known = taken.expected
    return {
        "run": taken.run.pk,
        "way": taken.key,
        "title": taken.run.title,
        "verdict": taken.run.get_state_display(),
        "seconds": taken.run.seconds if taken.run.finished else None,
        "expected_p50_seconds": known.half if known else None,
        "expected_p90_seconds": known.most if known else None,
        "expected_n": known.count if known else 0,
        "expected": known.text if known else "",
    }
