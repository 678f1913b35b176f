"""What a person reports or establishes by hand: an incident smsops did not notice (§5.2), a fact it cannot know.

What was reported is over when a person says so. Whatever goes on from there is as with any other incident.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import transaction

from incidents import fingerprints
from incidents.models import FactKind, Incident, IncidentState, Issue, Severity
from incidents.services import facts, incidents, pages
from incidents.services.incidents import Sign
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.redact import redact

BY_HAND = tuple(kind for kind in FactKind if kind != FactKind.SERVES_AGAIN)  # that is measured


@dataclass(frozen=True)
class Report:
    """What somebody reports. `seen` says more than the title; a drill is played on purpose."""

    title: str
    severity: str
    issue: str = Issue.UNKNOWN
    seen: str = ""
    private: bool = False
    drill: bool = False


def report(environment: Environment, told: Report, user: User) -> Incident:
    """Open an incident; who reports the same again joins that one while it is live, but never what is private. WrongUse
    without a title."""
    title = " ".join(told.title.split())
    if not title:
        raise WrongUse("Say what is wrong, in a few words.")
    mark = uuid.uuid4().hex if told.private else sha256(f"{told.drill} {title.lower()}".encode()).hexdigest()[:32]
    sign = Sign(
        fingerprints.REPORT.of(mark), Severity(told.severity), title, told.seen.strip() or title, Issue(told.issue),
        drill=told.drill, private=told.private, by=user.get_username(),
    )  # fmt: skip
    return incidents.report(environment, sign)[0]


@transaction.atomic
def establish(incident: Incident, kind: str, text: str, user: User) -> None:
    """Establish a fact by hand, which brings and ends levels of escalation that wait for it (§5.4). WrongUse without
    words, for one that is known already or measured, and for an incident that is closed."""
    which, said = FactKind(kind), text.strip()
    if not said:
        raise WrongUse("Say what it is, and how it is known.")
    if which not in BY_HAND:
        raise WrongUse(f"“{which.label}” is not for people to say: smsops measures it.")
    held = pages.locked(incident.pk) or incident
    if held.state == IncidentState.CLOSED:
        raise WrongUse("It is closed; open it again to add to what is known.")
    if which in facts.known(held):
        raise WrongUse(f"“{which.label}” is known already.")
    facts.establish(incident, which, said, by=user.get_username())
    if which == FactKind.CAUSE_KNOWN:
        Incident.objects.filter(pk=incident.pk, cause="").update(cause=redact(said))
