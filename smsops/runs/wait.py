"""Waits for a run's verdict; when no worker answers, it does the work itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from smsops.models import Run
from smsops.runs import executor, reaper

UNANSWERED = 5.0  # seconds a due run may lie about before the waiting process takes it on


def until_finished(run: Run, show: Callable[[Run], None], poll: float = 0.2, alone_after: float = UNANSWERED) -> Run:
    """Return the run once it has a verdict, calling `show` with a fresh row at every look.

    A run that is due and that nobody holds for `alone_after` seconds has no worker: this process then drives it, under
    the same leases as any worker, so that a person can restore with nothing but a shell.
    """
    alone_since: float | None = None
    driving = False
    while True:
        run.refresh_from_db()
        show(run)
        if run.finished and run.end_announced:
            return run
        if not reaper.unattended(run):
            alone_since = None
        elif alone_since is None:
            alone_since = time.monotonic()
        driving = driving or (alone_since is not None and time.monotonic() - alone_since >= alone_after)
        wait = executor.drive(run.pk, slice_seconds=1.0) if driving else None
        time.sleep(poll if wait is None else min(wait, 1.0))
