"""The moves of an incident along its table, by facts and by people (§5); each sets its clock."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from incidents import signals
from incidents.models import INCIDENT_TABLE, EntryKind, Incident, IncidentState
from incidents.services import contradictions, incidents, pages
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.redact import redact
from smsops.states import IllegalTransition, advance


def _begins(state: str) -> str:
    """How the line about a move to that state begins."""
    return f"{IncidentState(state).label}."


NOBODY: dict[str, Any] = {"acknowledged_by": None, "taken_at": None}  # has it any more
TAKEN = _begins(IncidentState.ACKNOWLEDGED)
DECLINED = "Cannot take it; the next level is asked."


def acknowledge(incident: Incident, user: User, text: str = "") -> None:
    """Somebody takes it on. When somebody first did stays, whatever happens later."""
    now = timezone.now()
    _move(
        incident,
        IncidentState.ACKNOWLEDGED,
        text,
        user,
        acknowledged_at=incident.acknowledged_at or now,
        acknowledged_by=user,
        taken_at=now,
    )


def lapse(incident: Incident, text: str) -> None:
    """Whoever acknowledged it does not have it any more, as far as anybody can tell."""
    _move(incident, IncidentState.OPEN, text, None, **NOBODY)


@transaction.atomic
def decline(incident: Incident, user: User) -> None:
    """Somebody who was paged cannot: the next level need not be waited for. WrongUse when somebody has it already."""
    pages.hold(incident)
    if incident.state != IncidentState.OPEN:
        raise WrongUse(f"It is {incident.get_state_display().lower()}; nobody is asked any more.")
    incidents.note(incident, EntryKind.PAGE, DECLINED, author=user.get_username())
    signals.incident_declined.send(Incident, incident=incident, user=user)


@transaction.atomic
def mitigate(incident: Incident, text: str, run: Run | None = None) -> None:
    """The trouble is over for the users, though not yet understood; nothing happens when it is past that."""
    pages.hold(incident)
    if incident.state in (IncidentState.OPEN, IncidentState.ACKNOWLEDGED):
        _move(incident, IncidentState.MITIGATED, text, None, run=run, mitigated_at=timezone.now())


def mitigated(incident: Incident, text: str, user: User) -> None:
    """A person says that the users are served again."""
    _move(incident, IncidentState.MITIGATED, text, user, mitigated_at=timezone.now())


@transaction.atomic
def resolve(incident: Incident, text: str, user: User | None = None, although: str = "") -> None:
    """The trouble is over. WrongUse where a person says so while something is red, and not why (`although`); then it is
    over, and shown as contradicted until that is green."""
    now, against = timezone.now(), contradictions.red(incident) if user is not None else []
    if against and not although.strip():
        raise WrongUse(f"{' '.join(against)} Say why it is over nevertheless.")
    _move(
        incident,
        IncidentState.RESOLVED,
        text,
        user,
        resolved_at=now,
        mitigated_at=incident.mitigated_at or now,
        resolution=redact(text),
        contradicted="\n".join(against),
        settled_at=None,
    )
    if against and user is not None:
        said = f"Called resolved although: {' '.join(against)} Why: {although.strip()}"
        incidents.note(incident, EntryKind.FACT, said, author=user.get_username())


def end(environment: Environment, cause: str, text: str, *, sign: str = "", run: Run | None = None) -> None:
    """smsops has seen that it is well again: the live incident of that cause, if there is one, is over, after `sign` on
    its timeline. It is held meanwhile: what is seen once is not lost because somebody moves it at this moment."""
    known = incidents.live(environment, cause)
    if known is None:
        return
    with transaction.atomic():
        if pages.hold(known):  # else somebody was faster
            if sign:
                incidents.note(known, EntryKind.SIGN, sign, run=run)
            resolve(known, text)


def close(incident: Incident, text: str, user: User) -> None:
    """Nothing is left to do."""
    _move(incident, IncidentState.CLOSED, text, user, closed_at=timezone.now())


def reopen(incident: Incident, text: str, user: User) -> None:
    """It was not over, and nobody has it."""
    _move(
        incident,
        IncidentState.OPEN,
        text,
        user,
        resolved_at=None,
        mitigated_at=None,
        closed_at=None,
        contradicted="",
        settled_at=None,
        reopened=incident.reopened + 1,
        reopened_at=timezone.now(),
        **NOBODY,
    )


def relapse(incident: Incident, text: str) -> None:
    """smsops called it over, and it has come back soon: it flaps, and nobody has it."""
    _move(
        incident,
        IncidentState.OPEN,
        text,
        None,
        resolved_at=None,
        mitigated_at=None,
        reopened=incident.reopened + 1,
        reopened_at=timezone.now(),
        flapping=True,
        **NOBODY,
    )


def _move(
    incident: Incident,
    to: str,
    text: str,
    user: User | None,
    run: Run | None = None,
    **values: Any,
) -> None:
    before = incident.state
    try:
        with transaction.atomic():
            if not advance(incident, INCIDENT_TABLE, to, **values):
                raise WrongUse("Somebody else has just changed this incident; look again.")
            incident.refresh_from_db(fields=["private", "title"])  # messages are written of it as it is now
            author = user.get_username() if user is not None else ""
            said = f"{_begins(to)} {text}".strip()
            incidents.note(incident, EntryKind.STATE, said, author=author, run=run)
            signals.incident_moved.send(Incident, incident=incident, before=before, text=text, user=user)
    except IllegalTransition:
        state = incident.get_state_display().lower()
        raise WrongUse(f"An incident that is {state} cannot become {IncidentState(to).label.lower()}.") from None
    except IntegrityError:
        raise WrongUse("The same trouble has come back and has an incident of its own; go on there.") from None
