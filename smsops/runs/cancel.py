"""Cancelling: a flag honoured between steps; past the point of no return it means “finish, then offer the undo”."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from smsops import signals
from smsops.errors import WrongUse
from smsops.models import ACTIVE, RUN_TABLE, Approval, Decision, Entry, JournalEntry, Run, RunState
from smsops.redact import redact
from smsops.runs import audited, requests
from smsops.runs.bell import ring_on_commit
from smsops.runs.executor import past_return
from smsops.runs.plan import By
from smsops.states import advance


def request(run: Run, by: By) -> str:
    """Ask for the run to be cancelled and say, in a sentence, what that will mean. Raises WrongUse when it is over."""
    who = redact(": ".join(part for part in (by.name or "smsops", by.reason) if part))
    with transaction.atomic():
        # Asked once more at the end: while it was to be dropped, somebody may have approved it.
        if not (_ask(run, who) or _drop(run, who) or _ask(run, who)):
            run.refresh_from_db()
            raise WrongUse(f"Run {run.pk} is over ({run.get_state_display().lower()}); there is nothing to cancel.")
        JournalEntry.objects.create(run=run, entry=Entry.CANCEL, detail=who)
        ring_on_commit(run)
        if by.trigger in requests.PEOPLE:
            audited.cancelled(run, by)
    run.refresh_from_db()
    if run.finished:
        return "It had not begun and will not."
    if past_return(list(run.steps.all())):
        return "It is past the point of no return and will finish first; afterwards you can go back."
    return "It stops after the step it is in, and undoes what it did."


def _ask(run: Run, who: str) -> bool:
    """Raise the flag of a run that is under way."""
    return bool(Run.objects.filter(pk=run.pk, state__in=ACTIVE).update(cancel_requested=True, cancel_note=who))


def _drop(run: Run, who: str) -> bool:
    """End a run that is only planned: no worker knows of it yet."""
    run.refresh_from_db()
    if run.state != RunState.PLANNED:
        return False
    headline = f"Cancelled before it began, by {who}."
    void = {"decision": Decision.VOID, "note": headline, "decided_at": timezone.now()}
    Approval.objects.filter(run=run, decision=Decision.WAITING).update(**void)
    dropped = advance(
        run, RUN_TABLE, RunState.CANCELLED, cancel_note=who, headline=headline, finished_at=timezone.now()
    )
    if dropped:
        signals.run_moved.send(sender=Run, run=run)
    return dropped
