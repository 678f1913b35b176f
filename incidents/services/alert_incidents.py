"""What alerts mean for incidents: those with one cause open one, later ones join it, the last that is over ends it.

Everything here is called within the transaction that writes the alerts; an incident that is joined or ended is locked,
so that of two sources with one cause neither joins what the other just ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from incidents.detection import causes
from incidents.models import Alert, Incident
from incidents.services import alert_ends, alert_signs, quiet
from incidents.services.episodes import Changes, in_parts
from incidents.services.quiet import Quiet
from smsops.models import Environment

ENDED_LONG_AGO = timedelta(minutes=5)  # after that, an alert that still fires contradicts who called it resolved


def follow(environment: Environment, changes: Changes) -> None:
    """Do what the news ask for."""
    if new := changes.begun + changes.worse:
        fire(environment, new)
    if changes.going_on:
        _go_on(environment, changes.going_on)
    if changes.back:
        alert_signs.tell(changes.back, "Heard of again, and still there")
    if changes.over:
        alert_ends.end(changes.over, changes.complete)


def fire(environment: Environment, alerts: Iterable[Alert]) -> None:
    """Open or join incidents for alerts that fire, unless something excuses them; which then is written on them."""
    by_cause = defaultdict(list)
    for alert in _excuse(quiet.at(environment), alerts):
        by_cause[alert.cause].append(alert)
    for cause, found in sorted(by_cause.items()):
        incident, _ = causes.report(environment, alert_signs.of(cause, found))  # held, until this transaction ends
        for alert in found:
            alert.incident = incident
        for some in in_parts([alert.pk for alert in found]):
            Alert.objects.filter(pk__in=some).update(incident=incident)


def review(environment: Environment, firing: QuerySet[Alert]) -> None:
    """Look again what excuses alerts that fire: what did may be over, and what does may be new."""
    in_force = quiet.at(environment)
    if not in_force:
        firing = firing.exclude(quiet="")
    changed = [alert for alert in firing if in_force.reason(alert.issue, alert.labels) != alert.quiet]
    _excuse(in_force, changed)
    if woken := [alert for alert in changed if not alert.quiet]:
        fire(environment, woken)


def _excuse(in_force: Quiet, alerts: Iterable[Alert]) -> list[Alert]:
    """Write on each alert what excuses it; return those that nothing does."""
    by_reason, loud = defaultdict(list), []
    for alert in alerts:
        reason = in_force.reason(alert.issue, alert.labels)
        if reason != alert.quiet:
            by_reason[reason].append(alert.pk)
            alert.quiet = reason
        if not reason:
            loud.append(alert)
    for reason, numbers in by_reason.items():
        for some in in_parts(numbers):
            Alert.objects.filter(pk__in=some).update(quiet=reason)
    return loud


def _go_on(environment: Environment, alerts: Iterable[Alert]) -> None:
    """They still fire: those whose incident somebody called resolved a while ago open another."""
    loud = [alert for alert in alerts if not alert.quiet]
    known = Incident.objects.in_bulk({alert.incident_id for alert in loud if alert.incident_id})
    if again := [alert for alert in loud if _contradicts(known.get(alert.incident_id or 0))]:
        fire(environment, again)


def _contradicts(incident: Incident | None) -> bool:
    if incident is None:
        return True
    if incident.live or incident.resolved_at is None:
        return False
    return timezone.now() - incident.resolved_at > ENDED_LONG_AGO
