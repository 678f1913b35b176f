"""Why trouble wakes nobody now: a silence, a maintenance window, or a change of ours that is under way (I1, I2).

A window and a change excuse only that SMS is away or slow, a change no longer than its kind takes (overrun.py). What
says that data is at risk, or that somebody got in, is never excused by them, nor is a change of ours that went wrong;
a silence excuses what a person named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from incidents.detection import overrun
from incidents.intake import matching
from incidents.models import Alert, AlertState, FactKind, Incident, Issue, MaintenanceWindow, Silence
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
                return f"{SILENCED} {timezone.localtime(silence.ends_at):%Y-%m-%d %H:%M}: {silence.reason}"[:200]
        return self.excuse[:200] if issue in EXCUSED else ""


def at(environment: Environment, now: datetime | None = None) -> Quiet:
    """What is in force now."""
    now = now or timezone.now()
    silences = Silence.objects.filter(environment=environment, starts_at__lte=now, ends_at__gt=now)
    return Quiet(list(silences), window_at(environment, now) or overrun.excuse(environment, now))


def of(incident: Incident, now: datetime) -> str:
    """Why nobody is to be paged about an incident now: what excuses its kind, or that each alert of it that still fires
    is excused. Empty when somebody is."""
    found = at(incident.environment, now)
    silenced_only = bool(found) and _grave(incident)
    if reason := found.reason("" if silenced_only else incident.issue, {}):
        return reason
    if not found or not incident.fingerprint.startswith("alert:"):
        return ""
    firing = Alert.objects.filter(incident=incident, state=AlertState.FIRING).order_by()
    reasons = firing.values_list("quiet", flat=True).distinct()
    counting = (each if each.startswith(SILENCED) or not silenced_only else "" for each in reasons)
    return min(counting, default="")  # the empty one comes first


def _grave(incident: Incident) -> bool:
    """Whether no window and no change excuses it, whatever its kind: a run of ours went wrong, or a fact says that more
    than SMS being away is the matter."""
    return incident.fingerprint.startswith("run:") or any(fact.kind in GRAVE for fact in incident.facts.all())


def window_at(environment: Environment, now: datetime) -> str:
    """The maintenance window that is in force, in a few words; empty when none is."""
    windows = MaintenanceWindow.objects.filter(environment=environment, enabled=True, starts_at__lte=now)
    held = next((window for window in windows if window.holds(now)), None)
    return f"Maintenance: {held.title}" if held else ""
