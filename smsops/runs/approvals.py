"""Deciding on a run that waits for a second person: approve, refuse, break the glass, or let it expire.

Every decision is one compare-and-set of the request and, in the same transaction, one of the run: of several people who
decide at once exactly one does.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from smsops import signals
from smsops.errors import WrongUse
from smsops.models import (
    DECISION_TABLE,
    FINAL,
    RUN_TABLE,
    Approval,
    Decision,
    Entry,
    Environment,
    JournalEntry,
    Run,
    RunState,
)
from smsops.redact import redact
from smsops.runs import audited, glass, planners
from smsops.runs.bell import ring_on_commit
from smsops.runs.plan import By, active_exclusive, busy
from smsops.states import advance

PERMISSION = "smsops.approve_run"
DECIDED = "Somebody else has just decided on run {}; look again."


def waiting(run: Run) -> Approval:
    """The request of a run that waits, read anew; WrongUse when it does not wait."""
    found = Approval.objects.select_related("run__environment").filter(run=run).first()
    if found is None:
        raise WrongUse(f"Run {run.pk} needs no second person.")
    if not found.waits:
        raise WrongUse(f"Run {run.pk} does not wait for a second person any more ({_became(found)}).")
    return found


def approve(run: Run, by: By) -> Approval:
    """Let the run begin, or end it where it is not any more what was asked for; the answer's decision says which.

    Raises WrongUse, and leaves it waiting, when this person may not approve it or another run is under way.
    """
    approval = waiting(run)
    refuse_person(approval, by)
    return _begin(approval, Decision.APPROVED, by)


def break_glass(run: Run, by: By) -> Approval:
    """Let the run begin without a second person, whoever asked for it; otherwise as `approve`."""
    approval = waiting(run)
    glass.refuse(run.environment, by)
    return _begin(approval, Decision.GLASS_BROKEN, by)


def refuse(run: Run, by: By) -> Approval:
    """End the request; whoever does says why."""
    approval = waiting(run)
    if by.user is not None and not by.user.has_perm(PERMISSION):
        raise WrongUse(f"{by.called} may not refuse runs.")
    if not by.reason.strip():
        raise WrongUse("Say why it is refused.")
    return _end(approval, Decision.REFUSED, f"Refused by {by.called}: {by.reason}", by)


def refuse_person(approval: Approval, by: By) -> None:
    """Raise WrongUse when this person may not approve it: without the permission, or because it is their own."""
    if by.user is not None and not by.user.has_perm(PERMISSION):
        raise WrongUse(f"{by.called} may not approve runs.")
    own = by.user is not None and by.user.pk == approval.requested_by_id
    if own or not by.called or by.called.casefold() == approval.requested_name.casefold():
        raise WrongUse(f"{approval.requested_name} asked for run {approval.run_id}; another person has to approve it.")


def changed_text(approval: Approval, changed: str) -> str:
    """Why a request is void, in a sentence."""
    return f"It is not any more what {approval.requested_name} asked for: {changed}"


def expire() -> int:
    """End the requests nobody decided on in time; return how many there were."""
    late = Approval.objects.filter(decision=Decision.WAITING, run__state=RunState.PLANNED)
    late = late.filter(expires_at__lte=timezone.now()).select_related("run__environment")
    return sum(_expired(each) for each in late)


def _expired(approval: Approval) -> bool:
    try:
        _end(approval, Decision.VOID, "Nobody approved it in time.")
    except WrongUse:
        return False  # somebody decided in the last moment
    return True


def _begin(approval: Approval, to: Decision, by: By) -> Approval:
    run = approval.run
    if approval.expires_at <= timezone.now():
        return _end(approval, Decision.VOID, "Nobody approved it in time.")
    ended = _ended(run.environment)
    if changed := planners.changes(approval):
        return _end(approval, Decision.VOID, changed_text(approval, changed), by)
    try:
        with transaction.atomic():
            _decide(approval, to, by.reason, by)
            if not advance(run, RUN_TABLE, RunState.QUEUED, next_tick_at=timezone.now()):
                raise WrongUse(DECIDED.format(run.pk))
            if _ended(run.environment) != ended:  # from here on nothing else can begin there
                raise WrongUse(f"Another run has just ended at {run.environment.name}; look again.")
            _write(run, f"{to.label} by {by.called}. {by.reason}".strip())
            signals.run_moved.send(sender=Run, run=run)
            if to == Decision.GLASS_BROKEN:
                glass.tell(approval)
            ring_on_commit(run)
            audited.decided(run, by, to)
    except IntegrityError:
        other = active_exclusive(run.environment)
        if other is None:
            raise
        raise WrongUse(busy(other)) from None
    return approval


def _ended(environment: Environment) -> int:
    """How many exclusive runs are over there; another number later means that something may have changed."""
    return Run.objects.filter(environment=environment, exclusive=True, state__in=FINAL).count()


@transaction.atomic
def _end(approval: Approval, to: Decision, said: str, by: By | None = None) -> Approval:
    run, said = approval.run, redact(said if said.endswith((".", "!", "?")) else f"{said}.")
    _decide(approval, to, said if by is None or to == Decision.VOID else by.reason, by)
    if not advance(run, RUN_TABLE, RunState.CANCELLED, headline=said, finished_at=timezone.now()):
        raise WrongUse(DECIDED.format(run.pk))
    _write(run, said)
    signals.run_moved.send(sender=Run, run=run)
    ring_on_commit(run)
    if by is not None:
        audited.decided(run, by, to)
    return approval


def _decide(approval: Approval, to: Decision, note: str, by: By | None) -> None:
    who: dict[str, Any] = {}
    if by is not None:
        who = {"decided_by": by.user, "decided_name": by.called}
    noted = {"note": redact(note), "decided_at": timezone.now(), **who}
    if not advance(approval, DECISION_TABLE, to, field="decision", **noted):
        raise WrongUse(DECIDED.format(approval.run_id))


def _write(run: Run, detail: str) -> None:
    JournalEntry.objects.create(run=run, entry=Entry.STATE, detail=redact(detail))


def _became(approval: Approval) -> str:
    decided = approval.decision != Decision.WAITING
    return (approval.get_decision_display() if decided else approval.run.get_state_display()).lower()
