"""How an incident comes about: opened once per root cause, joined by later signs (§5). How it ends: lifecycle.py."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from incidents import signals
from incidents.models import LIVE, EntryKind, Incident, Issue, Severity, TimelineEntry
from incidents.services import lowered, origin, pages
from smsops.models import Environment, Run
from smsops.redact import redact


@dataclass(frozen=True)
class Sign:
    """A sign of trouble. Signs with one fingerprint have one root cause. `by` is empty where smsops itself saw it."""

    fingerprint: str
    severity: Severity
    title: str
    detail: str
    issue: Issue = Issue.SERVICE
    drill: bool = False
    private: bool = False  # what it opens; what it joins stays as it is
    by: str = ""


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
        if incident is not None and join(incident, sign, run):
            return incident, False  # else it was resolved just now, and this sign is the first of another


@transaction.atomic
def _open(environment: Environment, sign: Sign, run: Run | None) -> Incident:
    incident = Incident.objects.create(
        environment=environment,
        title=redact(sign.title)[:200],
        severity=sign.severity,
        issue=sign.issue,
        drill=sign.drill,
        private=sign.private,
        fingerprint=sign.fingerprint,
        run=run,
        **origin.of(environment),
    )
    said = f"Opened as {incident.get_severity_display()}: {sign.title}"
    note(incident, EntryKind.STATE, said, author=sign.by, run=run)
    note(incident, EntryKind.SIGN, sign.detail, author=sign.by, run=run)
    signals.incident_opened.send(Incident, incident=incident, sign=sign)
    return incident


@transaction.atomic
def join(incident: Incident, sign: Sign, run: Run | None = None) -> bool:
    """Add a sign to an incident, unless it says what was said last; the severity may rise, never fall; one a person has
    lowered rises only for more than it was lowered from. False, and nothing happens, where the incident is over: it is
    held until the sign is written, so that nobody ends it in between."""
    if not pages.hold(incident):
        return False
    last = incident.timeline.filter(kind=EntryKind.SIGN).last()
    if last is None or last.text != redact(sign.detail):
        note(incident, EntryKind.SIGN, sign.detail, author=sign.by, run=run)
    if lowered.raises(incident, sign.severity):
        set_severity(incident, sign.severity, f"Raised to {sign.severity.label}: {sign.title}", run=run)
    signals.sign_joined.send(Incident, incident=incident, sign=sign)
    return True


@transaction.atomic
def set_severity(
    incident: Incident, severity: Severity, text: str, *, author: str = "", run: Run | None = None
) -> None:
    """Give it another severity and say so on the timeline. The incident is held by whoever calls this."""
    before = incident.severity
    Incident.objects.filter(pk=incident.pk).update(severity=severity)
    incident.severity = severity
    note(incident, EntryKind.STATE, text, author=author, run=run)
    signals.severity_changed.send(Incident, incident=incident, before=before, author=author)


def note(incident: Incident, kind: str, text: str, *, author: str = "", run: Run | None = None) -> TimelineEntry:
    """Add a line to the timeline."""
    entry = line(incident, kind, text, author=author, run=run)
    entry.save(force_insert=True)
    return entry


def line(incident: Incident, kind: str, text: str, *, author: str = "", run: Run | None = None) -> TimelineEntry:
    """The line, not added yet: for whoever adds many at once."""
    return TimelineEntry(incident=incident, kind=kind, text=redact(text), author=author, run=run)
