"""Cancelling: a flag honoured between steps; past the point of no return it means “finish, then offer the undo”."""

from __future__ import annotations

from smsops.errors import WrongUse
from smsops.models import ACTIVE, Run
from smsops.runs.bell import ring
from smsops.runs.executor import past_return


def request(run: Run) -> str:
    """Ask for the run to be cancelled and say, in a sentence, what that will mean. Raises WrongUse when it is over."""
    if not Run.objects.filter(pk=run.pk, state__in=ACTIVE).update(cancel_requested=True):
        raise WrongUse(f"Run {run.pk} is over ({run.get_state_display().lower()}); there is nothing to cancel.")
    run.refresh_from_db()
    ring(run)
    if past_return(list(run.steps.all())):
        return "It is past the point of no return and will finish first; afterwards you can go back."
    return "It stops after the step it is in, and undoes what it did."
