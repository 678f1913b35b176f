"""How bad an incident is: by the table an ops lead keeps (runbook §5.1), raised freely, lowered for a reason (I3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models import ORDER, EntryKind, Incident, IncidentState, Severity, SeverityRule
from incidents.models.severity_rule import beginning
from incidents.services import incidents, pages
from smsops.errors import WrongUse

WORDS = (EntryKind.NOTE, EntryKind.STATE, EntryKind.ACTION)  # what of the timeline is a word to those who wait


def rule(severity: str) -> SeverityRule:
    """The row of that severity, or the runbook's where it was removed."""
    return SeverityRule.objects.filter(severity=severity).first() or beginning(severity)


def response(severity: str) -> timedelta:
    """In which somebody should have acknowledged it."""
    return rule(severity).response


def responses() -> dict[str, timedelta]:
    """The same of every severity, looked up together."""
    rows = {row.severity: row for row in SeverityRule.objects.all()}
    return {severity: (rows.get(severity) or beginning(severity)).response for severity in Severity}


def response_due_at(incident: Incident) -> datetime:
    """Until when somebody should have acknowledged it."""
    return incident.detected_at + response(incident.severity)


def word_due_at(incident: Incident, by: SeverityRule) -> datetime:
    """Until when those who wait should hear something: so long after what a person said last."""
    said = incident.timeline.exclude(author="").filter(kind__in=WORDS).order_by("-at").values_list("at", flat=True)
    return (said.first() or incident.detected_at) + by.update


@transaction.atomic
def change(incident: Incident, severity: str, user: User, reason: str = "") -> None:
    """A person gives it another severity. WrongUse for the one it has, for one that is closed, and for a lower one
    without a reason."""
    held = pages.locked(incident.pk) or incident
    before, after = Severity(held.severity), Severity(severity)
    if after == before:
        raise WrongUse(f"It is {after.label.lower()} already.")
    if held.state == IncidentState.CLOSED:
        raise WrongUse("It is closed; open it again to change how bad it was.")
    lower, why = ORDER[after] < ORDER[before], reason.strip()
    if lower and not why:
        raise WrongUse(f"Say why it is less than {before.label.lower()}.")
    incident.severity = before
    text = f"{'Lowered' if lower else 'Raised'} from {before.label} to {after.label}. {why}".strip()
    incidents.set_severity(incident, after, text, author=user.get_username())
