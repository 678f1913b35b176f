"""Waits for a run's verdict; when no worker answers, it does the work itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from smsops.models import Run, RunState
from smsops.runs import executor

UNANSWERED = 5.0  # seconds a due run may lie about before the waiting process takes it on


def until_finished(run: Run, show: Callable[[Run], None], poll: float = 0.2, alone_after: float = UNANSWERED) -> Run:
    """Return the run once it has a verdict, calling `show` with a fresh row at every look.

    A run that stays queued for `alone_after` seconds has no worker: this process then drives it, under the same
    leases as any worker, so that a person can restore with nothing but a shell.
    """
    began = time.monotonic()
    driving = False
    while True:
        run.refresh_from_db()
        show(run)
        if run.finished and run.end_announced:
            return run
        driving = driving or (run.state == RunState.QUEUED and time.monotonic() - began > alone_after)
        wait = executor.drive(run.pk, slice_seconds=1.0) if driving else None
        time.sleep(poll if wait is None else min(wait, 1.0))
