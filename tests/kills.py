"""Kills workers with SIGKILL: at every boundary of the journal (before and behind each side effect) or where told to.

A worker is a forked process that drives the run; it dies at the first boundary that no worker died at before. The next
one finds a dead holder's lease and an open intent, as after any real kill. So one run is killed once at every boundary.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from django.db import connections

from smsops import signals
from smsops.models import FINAL, Run
from smsops.runs import executor


@dataclass
class Deaths:
    """Where workers died so far, and what was seen after each death."""

    at: set[str] = field(default_factory=set)
    seen: list[Any] = field(default_factory=list)


def kill_at_every_boundary(run: Run, look: Callable[[], Any]) -> Deaths:
    """Drive the run to its end through a death at every boundary; `look` is called after each."""
    deaths = Deaths()
    while True:
        where = _one_worker(run, deaths.at)
        run.refresh_from_db()
        if where is None:
            if run.state in FINAL and run.end_announced:
                return deaths
            continue
        deaths.at.add(where)
        deaths.seen.append(look())


def _one_worker(run: Run, known: set[str]) -> str | None:
    """Fork a worker; return the boundary it died at, or None when it ended by itself."""
    told, tell = os.pipe()
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        _work_and_die(run.pk, known, tell)
    os.close(tell)
    with os.fdopen(told) as pipe:
        where = pipe.read()
    _, status = os.waitpid(pid, 0)
    if not where:
        assert os.waitstatus_to_exitcode(status) == 0
        return None
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    return where


def _work_and_die(run_id: int, known: set[str], tell: int) -> None:
    def die(run: Run, step: Any, where: str, **_: Any) -> None:
        name = f"{step.kind if step else 'run'}:{where}"
        if name not in known:
            os.write(tell, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    signals.boundary.connect(die)
    code = 1
    try:
        while executor.drive(run_id) is not None:
            pass
        code = 0
    finally:
        os._exit(code)


def die(*_: object) -> NoReturn:
    """End this process as a kill from outside does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def killed(act: Callable[[], object]) -> None:
    """Do it in another process; fails unless that one is killed meanwhile."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(1)  # never back into the tests
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
