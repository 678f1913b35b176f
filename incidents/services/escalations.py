"""Escalations: begun with an incident, moved by facts and people, ended with it (I5). Time moves them: stepping.py.

Everything here is rows, changed within the transaction of the news that changes them. Whoever holds two of the locks
took that of the incident first, then that of the escalation, then those of pages.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Max
from django.utils import timezone

from incidents.models import ORDER, Escalation, Incident, Page, Severity
from incidents.services import decisions, pages, policies


def begin(incident: Incident) -> Escalation | None:
    """Start one, if a policy fits and it is bad enough; the first level is paged by the next sweep. Called within the
    transaction that opens (or reopens) the incident. A drill begins none."""
    policy = policies.choose(incident)
    if policy is None or incident.drill or not _bad_enough(incident, policy.least):
        return None
    if (running := of(incident)) is not None:
        return running
    now = timezone.now()
    return Escalation.objects.create(
        incident=incident, policy=policies.freeze(policy), began_at=now, free_since=now, due_at=now
    )


def weigh(incident: Incident) -> None:
    """Its severity has changed: begin one, end one that is not worth it any more, or look again."""
    running = of(incident)
    if running is None:
        begin(incident)
    elif _bad_enough(incident, running.policy.get("least", Severity.LOW)):
        hurry(incident)
    else:
        end(incident)


def of(incident: Incident) -> Escalation | None:
    """The one that runs."""
    return Escalation.objects.filter(incident=incident, ended_at=None).first()


def hurry(incident: Incident) -> None:
    """Something has changed: look at it with the next sweep."""
    Escalation.objects.filter(incident=incident, ended_at=None).update(due_at=timezone.now())


def let_go(incident: Incident) -> None:
    """Nobody has it any more: whoever was paged is paged again, as if for the first time."""
    escalation = _locked(incident)
    if escalation is None:
        return
    now = timezone.now()
    ago = (now - timedelta(minutes=escalation.policy["nag_minutes"])).isoformat()
    paged = {position: {**each, "at": ago, "times": 0} for position, each in escalation.paged.items()}
    Escalation.objects.filter(pk=escalation.pk).update(paged=paged, free_since=now, declined=[], due_at=now)


def skip_ahead(incident: Incident, user: User) -> None:
    """Somebody who was asked cannot: the level after theirs is paged at once, unless it was already. Said twice, it
    changes nothing."""
    escalation = _locked(incident)
    if escalation is None or user.pk in escalation.declined:
        return
    own = Page.objects.filter(escalation=escalation, user=user, kind__in=pages.ASKS).aggregate(most=Max("level"))
    now, paged = timezone.now(), {int(position) for position in escalation.paged}
    decisions.bring(escalation.policy, paged, own["most"] or 0, now)
    values: dict[str, Any] = {"declined": [*escalation.declined, user.pk], "policy": escalation.policy}
    Escalation.objects.filter(pk=escalation.pk).update(due_at=now, **values)


def end(incident: Incident) -> None:
    """Page nobody any more."""
    Escalation.objects.filter(incident=incident, ended_at=None).update(ended_at=timezone.now(), due_at=None)
    pages.drop(incident)


def _locked(incident: Incident) -> Escalation | None:
    return Escalation.objects.select_for_update().filter(incident=incident, ended_at=None).first()


def _bad_enough(incident: Incident, least: str) -> bool:
    return ORDER[Severity(incident.severity)] >= ORDER[Severity(least)]
