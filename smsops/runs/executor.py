"""The tick: claim the lease, look, do one bounded action, journal, go on or ring again.

A delivery goes on with the next action while its time slice lasts, so that a run of short steps does not pay a
message for each; between any two actions it may die, and whoever comes next goes on from the journal.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from smsops import signals
from smsops.errors import DatabaseAway, LeaseLost
from smsops.models import Run, RunState, Step, StepState
from smsops.runs import absence, journal, kinds, leases, preludes, undo
from smsops.runs.leases import Held
from smsops.runs.stepping import perform
from smsops.runs.verdicts import success_headline

log = logging.getLogger(__name__)

NAP = 0.5  # seconds: a shorter wait is slept through, a longer one gives the worker back
LATE = 5.0  # seconds after its time from which a delivery shows that nobody had been there
FINISHED_STEP = frozenset({StepState.DONE, StepState.SKIPPED})
OPEN_STEP = frozenset({StepState.RUNNING, StepState.WAITING, StepState.UNDOING})


def drive(run_id: int, slice_seconds: float | None = None) -> float | None:
    """Work on a run for a slice; return after how many seconds to ring again, or None when there is nothing to do.

    Nothing to do: no such run, somebody else holds the lease, or the run has ended and its end is announced. Where the
    database is away, the run is looked at again a little later.
    """
    budget = settings.SMSOPS_SLICE_SECONDS if slice_seconds is None else slice_seconds
    try:
        with absence.noticed():
            held = _claim(run_id)
        if held is None:
            return None
        with leases.keeping(held), absence.noticed():
            return _slice(held, run_id, time.monotonic() + budget)
    except LeaseLost:
        log.warning("run %s: another worker took over", run_id)
        return None
    except DatabaseAway as error:
        log.warning("run %s: the database is away (%s); it goes on from the journal", run_id, error)
        return absence.PAUSE


def _claim(run_id: int) -> Held | None:
    run = Run.objects.select_related("environment").filter(pk=run_id).first()
    if run is None or run.state == RunState.PLANNED or (run.finished and run.end_announced):
        return None
    return leases.claim(run.lease_scope)


def _slice(held: Held, run_id: int, end: float) -> float | None:
    # Read again under the lease: what was read before it may be what another worker has just changed.
    run = Run.objects.select_related("environment").get(pk=run_id)
    steps = list(run.steps.all())
    _excuse(held, run, steps)
    while True:
        wait = turn(held, run, steps)
        if wait is None:
            return None
        if wait > NAP or time.monotonic() >= end:
            _next_tick(held, run, wait)
            return wait
        time.sleep(wait)
        run.refresh_from_db(fields=["cancel_requested", "cancel_note"])


def _excuse(held: Held, run: Run, steps: list[Step]) -> None:
    """Take the time in which no worker was there (a reboot, a queue nobody read) off the clock of the open step."""
    late = (timezone.now() - run.next_tick_at).total_seconds()
    if late <= LATE or run.finished:
        return
    for step in steps:
        if step.state in OPEN_STEP:
            journal.note(held, step, unattended_seconds=step.unattended_seconds + late)
    _next_tick(held, run, 0)


def _next_tick(held: Held, run: Run, wait: float) -> None:
    with transaction.atomic():
        held.check()
        run.next_tick_at = timezone.now() + timedelta(seconds=wait)
        run.save(update_fields=["next_tick_at"])


def turn(held: Held, run: Run, steps: list[Step]) -> float | None:
    """Do at most one action of the run; return the wait before the next one, None when the run is over."""
    if run.finished:
        _announce_end(held, run)
        return None
    if run.state == RunState.QUEUED:
        return _begin(held, run, steps)
    if run.state == RunState.UNDOING:
        return undo.turn(held, run, steps)
    step = next((step for step in steps if step.state not in FINISHED_STEP and not _passed_over(step)), None)
    if step is not None and step.state == StepState.FAILED:
        undo.begin(held, run, steps, cause=step.error)
        return 0
    if run.cancel_requested and not past_return(steps):
        undo.begin(held, run, steps, cause=_cancel_cause(run))
        return 0
    if step is None:
        journal.move(held, run, RunState.SUCCEEDED, headline=success_headline(run, steps), finished_at=timezone.now())
        return 0
    return perform(held, run, step)


def _passed_over(step: Step) -> bool:
    """Whether the step failed and the run goes on all the same."""
    return step.state == StepState.FAILED and step.attempts > 0 and not kinds.is_essential(step.kind)


def past_return(steps: list[Step]) -> bool:
    """Whether the point of no return has been entered: from there a cancel means “finish first”."""
    return any(step.point_of_no_return and step.state != StepState.PENDING for step in steps)


def _begin(held: Held, run: Run, steps: list[Step]) -> float:
    if run.cancel_requested:
        journal.move(
            held, run, RunState.CANCELLED, headline=_cancel_cause(run, " before it began"), finished_at=timezone.now()
        )
    else:
        preludes.write(run)
        journal.move(held, run, RunState.RUNNING, started_at=timezone.now())
        steps[:] = run.steps.all()
    return 0


def _cancel_cause(run: Run, when: str = "") -> str:
    return f"Cancelled{when}, by {run.cancel_note}."


def _announce_end(held: Held, run: Run) -> None:
    if run.end_announced:
        return
    for receiver, outcome in signals.run_ended.send_robust(sender=Run, run=run):
        if isinstance(outcome, Exception):
            absence.raise_if_lost(outcome)
            log.error("run %s: %s failed on its end: %s", run.pk, receiver, outcome)
    held.check()
    Run.objects.filter(pk=run.pk).update(end_announced=True)
    run.end_announced = True
