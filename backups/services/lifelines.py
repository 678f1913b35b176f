"""The line between a follower and its supervisor, on which both say that they are there, and what the work shows."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from pathlib import Path

SUPERVISORS = 2  # times the patience without a word of the supervisor until a follower ends
WORD = b"."


class Line:
    """A follower's line to its supervisor."""

    def __init__(self, handle: int, patience: float) -> None:
        self.socket = socket.socket(fileno=handle)
        self.socket.setblocking(False)
        self.patience = patience
        self.heard = self.looked = time.monotonic()

    def holds(self) -> bool:
        """Say that this one is there; whether the supervisor was heard of. Time in which this process itself was
        stopped does not count."""
        with contextlib.suppress(OSError):
            self.socket.send(WORD)
        now = time.monotonic()
        if said(self.socket) or now - self.looked > self.patience / 2:
            self.heard = now
        self.looked = now
        return now - self.heard < SUPERVISORS * self.patience


def said(line: socket.socket) -> bool:
    """Whether anything was said at the other end; takes all of it in."""
    found = False
    with contextlib.suppress(OSError):
        while line.recv(4096):
            found = True
    return found


def work_of(pid: int) -> tuple[int, ...] | None:
    """What a process has done so far, in CPU and bytes read and written; None where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        counts = Path(f"/proc/{pid}/io").read_text().split() if os.access(f"/proc/{pid}/io", os.R_OK) else []
        return int(fields[11]), int(fields[12]), *(int(count) for count in counts[1:4:2])
    return None
