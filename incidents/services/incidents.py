"""The life of an incident: opened once per root cause, joined by later signs, moved by facts and by people (§5)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from incidents.models import (
    INCIDENT_TABLE,
    LIVE,
    ORDER,
    EntryKind,
    Incident,
    IncidentState,
    Severity,
    TimelineEntry,
)
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.redact import redact
from smsops.states import IllegalTransition, advance


@dataclass(frozen=True)
class Sign:
    """A sign of trouble. Signs with one fingerprint have one root cause."""

    fingerprint: str
    severity: Severity
    title: str
    detail: str


def live(environment: Environment, fingerprint: str) -> Incident | None:
    """The live incident of that root cause, if any."""
    return Incident.objects.filter(environment=environment, fingerprint=fingerprint, state__in=LIVE).first()


def report(environment: Environment, sign: Sign, run: Run | None = None) -> tuple[Incident, bool]:
    """Open an incident for the sign or let it join the live one; return it and whether it is new.

    The database allows one live incident per cause, so of several reporters at once exactly one opens it.
    """
    while True:
        with contextlib.suppress(IntegrityError):
            return _open(environment, sign, run), True
        incident = live(environment, sign.fingerprint)
        if incident is not None:  # else it was resolved just now, and this sign is the first of another
            join(incident, sign, run)
            return incident, False


@transaction.atomic
def _open(environment: Environment, sign: Sign, run: Run | None) -> Incident:
    incident = Incident.objects.create(
        environment=environment,
        title=redact(sign.title)[:200],
        severity=sign.severity,
        fingerprint=sign.fingerprint,
        run=run,
    )
    note(incident, EntryKind.STATE, f"Opened as {incident.get_severity_display()}: {sign.title}", run=run)
    note(incident, EntryKind.SIGN, sign.detail, run=run)
    return incident


def join(incident: Incident, sign: Sign, run: Run | None = None) -> None:
    """Add a sign to a live incident, unless it says what was said last; the severity may rise, never fall."""
    last = incident.timeline.filter(kind=EntryKind.SIGN).last()
    if last is None or last.text != redact(sign.detail):
        note(incident, EntryKind.SIGN, sign.detail, run=run)
    if ORDER[sign.severity] > ORDER[Severity(incident.severity)]:
        Incident.objects.filter(pk=incident.pk).update(severity=sign.severity)
        incident.severity = sign.severity
        note(incident, EntryKind.STATE, f"Raised to {sign.severity.label}: {sign.title}", run=run)


def note(incident: Incident, kind: str, text: str, *, author: str = "", run: Run | None = None) -> TimelineEntry:
    """Add a line to the timeline."""
    return TimelineEntry.objects.create(incident=incident, kind=kind, text=redact(text), author=author, run=run)


def acknowledge(incident: Incident, user: User, text: str = "") -> None:
    """Somebody takes it on."""
    _move(
        incident,
        IncidentState.ACKNOWLEDGED,
        text,
        user,
        acknowledged_at=timezone.now(),
        acknowledged_by=user,
    )


def mitigate(incident: Incident, text: str, run: Run | None = None) -> None:
    """The trouble is over for the users, though not yet understood; nothing happens when it is past that."""
    if incident.state in (IncidentState.OPEN, IncidentState.ACKNOWLEDGED):
        _move(incident, IncidentState.MITIGATED, text, None, run=run, mitigated_at=timezone.now())


def resolve(incident: Incident, text: str, user: User | None = None) -> None:
    """The trouble is over."""
    now = timezone.now()
    _move(
        incident,
        IncidentState.RESOLVED,
        text,
        user,
        resolved_at=now,
        mitigated_at=incident.mitigated_at or now,
        resolution=text,
    )


def close(incident: Incident, text: str, user: User) -> None:
    """Nothing is left to do."""
    _move(incident, IncidentState.CLOSED, text, user, closed_at=timezone.now())


def reopen(incident: Incident, text: str, user: User) -> None:
    """It was not over."""
    _move(incident, IncidentState.OPEN, text, user, resolved_at=None, mitigated_at=None, closed_at=None)


def _move(
    incident: Incident,
    to: str,
    text: str,
    user: User | None,
    run: Run | None = None,
    **values: Any,
) -> None:
    try:
        with transaction.atomic():
            if not advance(incident, INCIDENT_TABLE, to, **values):
                raise WrongUse("Somebody else has just changed this incident; look again.")
            author = user.get_username() if user is not None else ""
            note(
                incident,
                EntryKind.STATE,
                f"{IncidentState(to).label}. {text}".strip(),
                author=author,
                run=run,
            )
    except IllegalTransition:
        state = incident.get_state_display().lower()
        raise WrongUse(f"An incident that is {state} cannot become {IncidentState(to).label.lower()}.") from None
    except IntegrityError:
        raise WrongUse("The same trouble has come back and has an incident of its own; go on there.") from None
