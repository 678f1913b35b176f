"""Whether SMS answers again, since when, and what was done for it (I9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from incidents.clock.taken import Taken
from incidents.models import Incident, Watch
from smsops.models import Run
from smsops.text import seconds_text


@dataclass(frozen=True)
class Comeback:
    """SMS answers `since` then. `always`: it did when this was noticed. `after` is what was done before, the newest."""

    since: datetime
    always: bool
    after: Taken | None = None


def fresh(watch: Watch | None, now: datetime) -> bool:
    """Whether somebody has looked at SMS lately."""
    return watch is not None and watch.fresh(now)


def of(incident: Incident, watch: Watch | None, done: Sequence[Taken], now: datetime) -> Comeback | None:
    """What the watcher says; None where SMS does not answer, or nobody has looked lately."""
    if watch is None or not fresh(watch, now) or not watch.good:
        return None
    before = [each for each in done if each.run.finished_at is not None and each.run.finished_at <= now]
    return Comeback(watch.since, watch.since <= incident.began, before[-1] if before else None)


def by_itself(incident: Incident) -> str:
    """That SMS serves again although smsops had done nothing, in a sentence; empty where something was done, or where
    it came from a run of smsops that was undone."""
    runs = Run.objects.filter(environment=incident.environment_id, disturbs=True, started_at__gte=incident.began)
    if incident.run_id is not None or runs.exists():
        return ""
    after = seconds_text((timezone.now() - incident.began).total_seconds())
    return f"It was well again {after} after the beginning, and smsops had done nothing for that."
