"""Performs one step: intent, probe after an interruption, action, journal."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.utils import timezone

from smsops import signals
from smsops.errors import LeaseLost, OpsError
from smsops.models import Entry, Run, Step, StepState
from smsops.runs import absence, journal, kinds, patience
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Found, StepKind
from smsops.runs.leases import Held
from smsops.text import count_text

log = logging.getLogger(__name__)

MAX_INTERRUPTIONS = 5  # a step that loses its worker more often is undone: it may be what kills them


def perform(held: Held, run: Run, step: Step) -> float:
    """Enter the step once; afterwards it is done, waiting, or failed. Returns the wait before the next action."""
    ctx = Context(run, step, held)
    try:
        kind = kinds.get(step.kind)
        if not _enter(ctx, kind):
            return 0
        _check_deadline(step, kind)
        began = time.monotonic()
        outcome = kind.do(ctx)
    except LeaseLost:
        raise
    except OpsError as error:
        return _on_error(ctx, error)
    except Exception as error:
        absence.raise_if_lost(error)
        log.exception("run %s: step %s", run.pk, step.kind)
        return fail(ctx, unexpected(error))
    step.work_seconds += time.monotonic() - began
    if isinstance(outcome, Again):
        state = {"state": StepState.WAITING, "progress": outcome.progress, "work_seconds": step.work_seconds}
        journal.note(held, step, **state)
        return outcome.after
    signals.boundary.send(sender=Run, run=run, step=step, where="acted")
    finish(ctx, Entry.DONE, outcome)
    return 0


def _enter(ctx: Context, kind: StepKind) -> bool:
    """Write the intent, or find out what became of an earlier one; False when there is nothing left to do."""
    step = ctx.step
    if step.state == StepState.WAITING:
        return True
    if step.state == StepState.PENDING:
        _intend(ctx, Entry.INTENT)
        return True
    # An intent without an end: a worker or an answer was lost in here. Look at the world before acting (design, 3).
    lost = not step.memo.get("retrying")
    if lost and step.interruptions >= MAX_INTERRUPTIONS:
        often = count_text(step.interruptions, "time")
        raise OpsError(f"“{step.title}” lost its worker {often}; smsops does not try it again.")
    probe = kind.probe(ctx)
    if probe.found is Found.DONE:
        finish(ctx, Entry.FOUND_DONE, Done(probe.result, probe.detail))
        return False
    if probe.found is Found.BROKEN:
        raise OpsError(probe.detail or f"“{step.title}” was interrupted and cannot be continued.")
    _intend(ctx, Entry.REDO, interruptions=step.interruptions + lost)
    return True


def _intend(ctx: Context, entry: str, **changes: Any) -> None:
    step = ctx.step
    counted = bool(step.memo.get("retrying"))  # by the line that says it is tried again
    journal.write(
        ctx.held,
        ctx.run,
        entry,
        step,
        state=StepState.RUNNING,
        started_at=step.started_at or timezone.now(),
        attempts=step.attempts + (not counted),
        memo={name: value for name, value in step.memo.items() if name not in ("retrying", "away_since")},
        **changes,
    )


def _check_deadline(step: Step, kind: StepKind) -> None:
    if step.open_seconds > kind.timeout:
        last = f" Last seen: {step.progress}" if step.progress else ""
        raise OpsError(f"“{step.title}” was not done within {kind.timeout:.0f} s.{last}")


def _on_error(ctx: Context, error: OpsError) -> float:
    """Try again what may pass by itself. The intent stays open, so the next try begins with a look at the world: an
    answer that never came says nothing about what happened."""
    step = ctx.step
    wait = patience.pause(step, error, step.attempts, kinds.get(step.kind).tries) if error.transient else None
    if wait is None:
        return fail(ctx, error)
    memo = {**step.memo, "retrying": True}
    state = StepState.RUNNING if step.state == StepState.WAITING else step.state
    journal.write(ctx.held, ctx.run, Entry.RETRY, step, str(error), state=state, attempts=step.attempts + 1, memo=memo)
    return wait


def fail(ctx: Context, error: OpsError) -> float:
    """Write down that the step failed; the executor then begins to undo."""
    journal.write(
        ctx.held,
        ctx.run,
        Entry.FAILED,
        ctx.step,
        str(error),
        state=StepState.FAILED,
        error=str(error),
        finished_at=timezone.now(),
    )
    return 0


def finish(ctx: Context, entry: str, outcome: Done) -> None:
    """Write down that the step happened, and make its result a fact of the run, in one transaction."""
    journal.write(
        ctx.held,
        ctx.run,
        entry,
        ctx.step,
        state=StepState.SKIPPED if outcome.skipped else StepState.DONE,
        result=outcome.result,
        output=outcome.output,
        progress="",
        work_seconds=ctx.step.work_seconds,
        finished_at=timezone.now(),
    )


def unexpected(error: Exception) -> OpsError:
    """Put an error nobody planned for into one sentence."""
    text = " ".join(str(error).split())[:300]
    return OpsError(f"smsops did not expect this: {type(error).__name__}: {text}")
