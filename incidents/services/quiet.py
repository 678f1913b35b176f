"""Why trouble wakes nobody now: a silence, a maintenance window, or a change of ours that is under way (I1, I2).

A window and a change excuse only that SMS is away or slow, a change no longer than its kind takes (overrun.py). What
says that data is at risk, or that somebody got in, is never excused by them, nor is a change of ours that went wrong;
a silence excuses what a person named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from incidents import fingerprints
from incidents.detection import overrun
from incidents.intake import matching
from incidents.models import Alert, AlertState, FactKind, Incident, Issue, MaintenanceWindow, Silence
from smsops import zones
from smsops.models import Environment

EXCUSED = frozenset({Issue.SERVICE})  # by a window or a change
GRAVE = frozenset({FactKind.INTEGRITY_FAILED, FactKind.ROWS_LOST, FactKind.EXPOSURE_CONFIRMED, FactKind.UNDO_FAILED})
SILENCED = "Silenced until"


@dataclass(frozen=True)
class Quiet:
    """What is in force at one environment at one moment; read once, asked for many alerts."""

    silences: list[Silence] = field(default_factory=list)
    excuse: str = ""

    def __bool__(self) -> bool:
        return bool(self.silences or self.excuse)

    def reason(self, issue: str, labels: Mapping[str, str]) -> str:
        """Why an alert of that kind with those labels wakes nobody; empty when it does."""
        for silence in self.silences:
            if matching.fits(silence.match, labels):
                return f"{SILENCED} {zones.kept(silence.ends_at)}: {silence.reason}"[:200]
        return self.excuse[:200] if issue in EXCUSED else ""


def at(environment: Environment, now: datetime | None = None) -> Quiet:
    """What is in force now."""
    return _at_each([environment], now or timezone.now())[environment.pk]


def of(incident: Incident, now: datetime) -> str:
    """Why nobody is to be paged about an incident now: what excuses its kind, or that each alert of it that still fires
    is excused. Empty when somebody is."""
    return of_each([incident], now)[incident.pk]


def of_each(incidents: Iterable[Incident], now: datetime) -> dict[int, str]:
    """The same of many, by their numbers: looked up together."""
    found = {each.pk: each for each in incidents}
    in_force = _at_each({each.environment_id: each.environment for each in found.values()}.values(), now)
    grave = {pk for pk, each in found.items() if in_force[each.environment_id] and _grave(each)}
    kinds = {pk: "" if pk in grave else each.issue for pk, each in found.items()}
    reasons = {pk: in_force[each.environment_id].reason(kinds[pk], {}) for pk, each in found.items()}
    asked = [each for pk, each in found.items() if not reasons[pk] and in_force[each.environment_id]]
    return reasons | _by_alerts([each.pk for each in asked if fingerprints.ALERT.has(each.fingerprint)], grave)


def _by_alerts(numbers: Collection[int], silenced_only: Collection[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    firing = Alert.objects.filter(incident__in=numbers, state=AlertState.FIRING).order_by()
    for number, reason in firing.values_list("incident", "quiet").distinct() if numbers else ():
        counting = reason if reason.startswith(SILENCED) or number not in silenced_only else ""
        found[number] = min(counting, found.get(number, counting))  # the empty one comes first
    return found


def _grave(incident: Incident) -> bool:
    """Whether no window and no change excuses it, whatever its kind: a run of ours went wrong, or a fact says that more
    than SMS being away is the matter."""
    return fingerprints.RUN.has(incident.fingerprint) or any(fact.kind in GRAVE for fact in incident.facts.all())


def window_at(environment: Environment, now: datetime) -> str:
    """The maintenance window that is in force, in a few words; empty when none is."""
    return _windows([environment], now).get(environment.pk, "")


def _at_each(environments: Collection[Environment], now: datetime) -> dict[int, Quiet]:
    """In three look-ups, and a few more for each that a change of ours is under way at."""
    silences = defaultdict[int, list[Silence]](list)
    for silence in Silence.objects.filter(environment__in=environments, starts_at__lte=now, ends_at__gt=now):
        silences[silence.environment_id].append(silence)
    excuses = overrun.excuses(environments, now) | _windows(environments, now)
    return {each.pk: Quiet(silences[each.pk], excuses.get(each.pk, "")) for each in environments}


def _windows(environments: Collection[Environment], now: datetime) -> dict[int, str]:
    found = MaintenanceWindow.objects.filter(environment__in=environments, enabled=True, starts_at__lte=now)
    held = [window for window in found if window.holds(now)]
    return {window.environment_id: f"Maintenance: {window.title}" for window in reversed(held)}
