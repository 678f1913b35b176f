"""What alerts mean for incidents: those with one cause open one, later ones join it, the last that is over ends it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from incidents.models import LIVE, ORDER, Alert, AlertState, EntryKind, Incident, Issue, Severity
from incidents.services import incidents, lifecycle, quiet
from incidents.services.episodes import OPEN
from incidents.services.incidents import Sign
from smsops.models import Environment

NAMED = 5  # alerts that a line of the timeline names
ENDED_LONG_AGO = timedelta(minutes=5)  # after that, an alert that still fires contradicts who called it resolved


def fire(environment: Environment, alerts: Iterable[Alert]) -> None:
    """Open or join incidents for alerts that fire, unless something excuses them; which then is written on them."""
    in_force, by_cause = quiet.at(environment), defaultdict(list)
    for alert in alerts:
        excuse = in_force.reason(alert.issue, alert.labels)
        if excuse != alert.quiet:
            alert.quiet = excuse
            Alert.objects.filter(pk=alert.pk).update(quiet=excuse)
        if not excuse:
            by_cause[alert.cause].append(alert)
    for cause, found in by_cause.items():
        incident, _ = incidents.report(environment, _sign(cause, found))
        Alert.objects.filter(pk__in=[alert.pk for alert in found]).update(incident=incident)


def go_on(environment: Environment, alerts: Iterable[Alert]) -> None:
    """They still fire: those whose incident somebody called resolved a while ago open another."""
    again = [alert for alert in alerts if not alert.quiet and _contradicts(alert)]
    if again:
        fire(environment, again)


def end(alerts: Iterable[Alert]) -> None:
    """They are over: an incident none of whose alerts fires or may fire any more is over as well."""
    for number in {alert.incident_id for alert in alerts if alert.incident_id}:
        incident = Incident.objects.select_related("environment").get(pk=number)
        if incident.live:
            _end(incident)


def _end(incident: Incident) -> None:
    left = incident.alerts.filter(state__in=OPEN)
    if left.exists():
        return
    if incident.alerts.filter(truncated=True).exists():
        text = "Every alert that was sent is over; but the sender left some out, so nobody knows of all of them."
        incidents.note(incident, EntryKind.SIGN, text)
    elif incident.fingerprint.startswith("alert:"):
        lifecycle.resolve(incident, "Every alert of it is over.")
    else:
        incidents.note(incident, EntryKind.SIGN, "Every alert of it is over.")


def _contradicts(alert: Alert) -> bool:
    incident = alert.incident
    if incident is None or incident.state in LIVE or incident.resolved_at is None:
        return incident is None
    return timezone.now() - incident.resolved_at > ENDED_LONG_AGO


def _sign(cause: str, alerts: list[Alert]) -> Sign:
    worst = max((Severity(alert.severity) for alert in alerts), key=ORDER.__getitem__)
    names = sorted({alert.name for alert in alerts})
    title = alerts[0].text if len(alerts) == 1 else f"{len(alerts)} alerts: {', '.join(names[:3])}"
    told = "; ".join(dict.fromkeys(alert.text for alert in alerts[:NAMED]))
    more = f"; and {len(alerts) - NAMED} more" if len(alerts) > NAMED else ""
    detail = f"{len(alerts)} alert{'s' * (len(alerts) > 1)} from {alerts[0].source.name}: {told}{more}."
    return Sign(cause, worst, title, detail.replace("..", "."), Issue(alerts[0].issue or Issue.UNKNOWN))


def stale(alerts: Iterable[Alert]) -> None:
    """Nobody has told of them for long: they are neither there nor gone, and their incidents say so."""
    by_incident: dict[int, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.incident_id:
            by_incident[alert.incident_id].append(alert)
    for number, found in by_incident.items():
        names = ", ".join(sorted({alert.name for alert in found})[:NAMED])
        text = f"Not heard of any more, and nobody said that it is over: {names}. Look whether it still is."
        incidents.note(Incident.objects.get(pk=number), EntryKind.SIGN, text)


__all__ = ["AlertState", "end", "fire", "go_on", "stale"]
