"""Undoes a run: its steps' own undo, newest first; if that fails too, a person gets the facts and the commands."""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone

from smsops import signals
from smsops.errors import LeaseLost, OpsError
from smsops.models import Entry, Run, RunState, Step, StepState
from smsops.runs import absence, journal, kinds, patience
from smsops.runs.context import Context
from smsops.runs.kinds import Again
from smsops.runs.leases import Held
from smsops.runs.stepping import unexpected

log = logging.getLogger(__name__)

TOUCHED = frozenset({StepState.RUNNING, StepState.WAITING, StepState.FAILED, StepState.DONE, StepState.UNDOING})
TRIES = 3


def begin(held: Held, run: Run, steps: list[Step], cause: str) -> None:
    """Turn the run round; where no step has done anything, it is over at once."""
    if run.cancel_requested or any(step.state in TOUCHED and _has_undo(step) for step in steps):
        journal.move(held, run, RunState.UNDOING, detail=cause, cause=cause, undo_started_at=timezone.now())
    else:
        journal.move(held, run, RunState.SAFE, detail=cause, cause=cause, headline=cause, finished_at=timezone.now())


def turn(held: Held, run: Run, steps: list[Step]) -> float:
    """Announce the undo once, then undo one step; return the wait before the next."""
    if not run.undo_announced:
        _announce(held, run)
        return 0
    stuck = next((step for step in steps if step.state == StepState.STUCK), None)
    if stuck is not None:
        _give_up(held, run, stuck)
        return 0
    step = next((step for step in reversed(steps) if step.state in TOUCHED and _has_undo(step)), None)
    if step is None:
        _conclude(held, run, steps)
        return 0
    return _undo_step(held, run, step)


def _has_undo(step: Step) -> bool:
    """Whether there is something to undo; a step of an unknown kind must be asked about if it ever acted."""
    try:
        return type(kinds.get(step.kind)).undo is not kinds.StepKind.undo
    except OpsError:
        return step.attempts > 0


def _announce(held: Held, run: Run) -> None:
    """Tell those above before anything is undone: evidence is taken now, or the undo destroys it."""
    for receiver, outcome in signals.run_undoing.send_robust(sender=Run, run=run):
        if isinstance(outcome, Exception):
            absence.raise_if_lost(outcome)
            log.error("run %s: %s failed before the undo: %s", run.pk, receiver, outcome)
    held.check()
    Run.objects.filter(pk=run.pk).update(undo_announced=True)
    run.undo_announced = True


def _undo_step(held: Held, run: Run, step: Step) -> float:
    ctx = Context(run, step, held)
    if step.state != StepState.UNDOING:
        memo = {**step.memo, "undo_tries": 0}
        clock: dict[str, Any] = {"undo_started_at": timezone.now(), "unattended_seconds": 0.0}
        journal.write(held, run, Entry.UNDO_INTENT, step, state=StepState.UNDOING, memo=memo, **clock)
    try:
        kind = kinds.get(step.kind)
        if step.open_seconds > kind.undo_timeout:
            raise OpsError(f"Undoing “{step.title}” was not done within {kind.undo_timeout:.0f} s. {step.progress}")
        outcome = kind.undo(ctx)
    except LeaseLost:
        raise
    except OpsError as error:
        return _on_error(ctx, error)
    except Exception as error:
        absence.raise_if_lost(error)
        log.exception("run %s: undo of %s", run.pk, step.kind)
        return _on_error(ctx, unexpected(error))
    if isinstance(outcome, Again):
        journal.note(held, step, progress=outcome.progress)
        return outcome.after
    signals.boundary.send(sender=Run, run=run, step=step, where="undo acted")
    output = "\n".join(part for part in (step.output, outcome.output) if part)
    journal.write(held, run, Entry.UNDONE, step, state=StepState.UNDONE, output=output, progress="")
    return 0


def _on_error(ctx: Context, error: OpsError) -> float:
    step, tries = ctx.step, ctx.step.memo.get("undo_tries", 0) + 1
    wait = patience.pause(step, error, tries, TRIES)
    if wait is not None:
        journal.write(ctx.held, ctx.run, Entry.RETRY, step, str(error), memo={**step.memo, "undo_tries": tries})
        return wait
    journal.write(ctx.held, ctx.run, Entry.STUCK, step, str(error), state=StepState.STUCK, error=str(error))
    return 0


def _give_up(held: Held, run: Run, step: Step) -> None:
    """End the run as one that needs a person, with the commands to type."""
    try:
        by_hand = kinds.get(step.kind).by_hand(Context(run, step, held))
    except Exception as error:
        absence.raise_if_lost(error)
        log.exception("run %s: commands for %s", run.pk, step.kind)
        by_hand = []
    facts = {**run.facts, "by_hand": by_hand}
    headline = f"{run.cause} The undo stopped at “{step.title}”: {step.error}"
    journal.move(held, run, RunState.NEEDS_HUMAN, headline=headline, facts=facts, finished_at=timezone.now())


def _conclude(held: Held, run: Run, steps: list[Step]) -> None:
    touched = any(step.state == StepState.UNDONE and kinds.get(step.kind).touches_sms for step in steps)
    if run.cancel_requested and not any(step.state == StepState.FAILED or step.error for step in steps):
        state, ending = RunState.CANCELLED, "Everything is as before."
    elif touched:
        state, ending = RunState.UNDONE, "Everything was undone."
    else:
        state, ending = RunState.SAFE, "Nothing was changed."
    journal.move(held, run, state, headline=f"{run.cause} {ending}", finished_at=timezone.now())
