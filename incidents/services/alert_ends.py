"""Whether an incident is over because its alerts are (I2). Stale ones, and what a sender left out, end nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from incidents import fingerprints
from incidents.detection import flapping
from incidents.models import LIVE, Alert, EntryKind, Incident
from incidents.services import incidents
from incidents.services.episodes import OPEN

OVER = "Every alert of it is over."
UNKNOWN = "Every alert that was sent is over; but the sender left some out, so nobody knows of all of them."


def end(alerts: Iterable[Alert], complete: set[str]) -> None:
    """They are over: an incident none of whose alerts fires or may fire any more is over as well. `complete` are the
    causes about whose groups the newest payload left nothing out: what was left out before is known now."""
    numbers = {alert.incident_id for alert in alerts if alert.incident_id}
    if not numbers:
        return
    locked = Incident.objects.select_for_update(of=("self",), no_key=True).select_related("environment")
    live = list(locked.filter(pk__in=numbers, state__in=LIVE).order_by("pk"))
    Alert.objects.filter(incident__in=live, cause__in=complete, truncated=True).update(truncated=False)
    going_on = _with(live, state__in=OPEN)
    unsure = _with(live, truncated=True)
    for incident in live:
        if incident.pk not in going_on:
            _end(incident, incident.pk in unsure)


def _with(live: list[Incident], **kind: Any) -> set[int | None]:
    """The incidents that have such an alert."""
    return set(Alert.objects.filter(incident__in=live, **kind).values_list("incident_id", flat=True).distinct())


def _end(incident: Incident, unsure: bool) -> None:
    if unsure or not fingerprints.ALERT.has(incident.fingerprint):  # then smsops sees itself whether it is over
        incidents.note(incident, EntryKind.SIGN, UNKNOWN if unsure else OVER)
        return
    flapping.end(incident, OVER, _last_end(incident))


def end_steady() -> None:
    """End those that flap and whose alerts have been over for long enough."""
    flap = Incident.objects.filter(flapping=True, state__in=LIVE, fingerprint__startswith=fingerprints.ALERT.prefix)
    for number in list(flap.values_list("pk", flat=True)):
        _end_steady(number)


@transaction.atomic
def _end_steady(number: int) -> None:
    locked = Incident.objects.select_for_update(of=("self",), no_key=True).select_related("environment")
    incident = locked.filter(pk=number, state__in=LIVE).first()
    alerts = Alert.objects.filter(incident=number)
    if incident is not None and alerts.exists() and not alerts.filter(Q(state__in=OPEN) | Q(truncated=True)).exists():
        flapping.end(incident, OVER, _last_end(incident))


def _last_end(incident: Incident) -> datetime | None:
    found: datetime | None = Alert.objects.filter(incident=incident).aggregate(last=Max("resolved_at"))["last"]
    return found
