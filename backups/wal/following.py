"""The loop of a process that follows a database, and what it says of itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from backups.wal.follower import Follower
from smsops.errors import OpsError

PAUSE = 0.3  # seconds between two looks
PATIENCE = 1.0  # seconds after something went wrong


@dataclass(frozen=True)
class Status:
    """How it stands. Times in ms since 1970, 0 for never. `lag` is how many seconds ago all that had been committed was
    kept; `commits` are those kept so far, `waiting` the pages of SMS's log that are not yet; `problem` is why the last
    look failed, empty where it did not."""

    generation: str
    position: str
    kept_at: int
    looked_at: int
    lag: float
    commits: int
    waiting: int
    gap: str
    gap_at: int
    problem: str = ""


def follow(
    follower: Follower,
    stop: Callable[[], bool],
    tell: Callable[[Status], None] = lambda status: None,
    *,
    pause: float = PAUSE,
    wait: Callable[[float], None] = time.sleep,
) -> Status:
    """Follow until `stop` says so, and tell after every look how it stands; then keep what is left and let go.

    A look that fails is told as a problem, and tried again a little later.
    """
    kept_at = commits = 0
    looked = time.monotonic()
    status = Status("", "", 0, 0, 0.0, 0, 0, "", 0)
    while not stop():
        problem = ""
        try:
            kept = follower.poll()
            looked, commits = time.monotonic(), commits + kept
            kept_at = follower.clock.last if kept else kept_at
        except OpsError as error:
            problem = str(error)
        status = Status(
            follower.generation,
            str(follower.position or ""),
            kept_at,
            follower.clock.seen,
            time.monotonic() - looked,
            commits,
            follower.waiting,
            follower.gap,
            follower.gap_at,
            problem,
        )
        tell(status)
        wait(PATIENCE if problem else pause)
    follower.close()
    return status
