"""Followers and the process that watches them: neither goes on for long when the other hangs (B9).

A follower that hangs holds SMS's log, which then grows until the disk is full; SIGKILL lets go of it, whatever the
follower waits for. So the supervisor ends one that neither says anything nor does anything, and a follower ends by
itself when it has not heard of its supervisor: SMS's disk comes before the log. Both say all the time that they are
there.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Sequence

from backups.services.lifelines import WORD, said, work_of

PATIENCE = 30.0  # seconds without a word and without any work until a follower counts as hung
LONGEST = 30  # times that without a word, whatever it does: a look takes no longer


class Child:
    """A follower as its supervisor sees it."""

    def __init__(self, command: Sequence[str], patience: float) -> None:
        """Start it; it is told the descriptor of its end of the line."""
        self.patience = patience
        self.line, theirs = socket.socketpair()
        self.line.setblocking(False)
        words = [*command, "--patience", f"{patience:g}", "--line", str(theirs.fileno())]
        self.process = subprocess.Popen(words, pass_fds=(theirs.fileno(),))
        theirs.close()
        self.done: tuple[int, ...] | None = None
        self.ended = False
        self.excuse(time.monotonic())

    @property
    def there(self) -> bool:
        return self.process.poll() is None

    def excuse(self, now: float) -> None:
        """Begin to wait anew: what was not heard was not listened for."""
        self.heard = self.moved = now

    def look(self, now: float) -> None:
        """Say that the supervisor is there, and take in what the follower said and did."""
        with contextlib.suppress(OSError):  # its end is full or closed; it will be seen to be hung, or gone
            self.line.send(WORD)
        if said(self.line):
            self.heard = now
        done = work_of(self.process.pid)
        if done is None or done != self.done:
            self.moved = now
        self.done = done

    def silence(self, now: float) -> float:
        """For how many seconds it has hung; 0 where it does not."""
        silent, idle = now - self.heard, now - self.moved
        hung = min(silent, idle) > self.patience or silent > LONGEST * self.patience
        return silent if hung and self.there else 0.0

    def end(self) -> None:
        """End it as nothing can refuse. What waits for a dead disk is gone once the disk answers."""
        self.ended = True
        self.process.kill()

    def close(self) -> None:
        self.line.close()
