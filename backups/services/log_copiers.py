"""Keeps a process for each off-site vault that copies the log there; whatever becomes of one, the followers go on."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

from django.db import DatabaseError

from backups.services import log_copies, log_posts

PAUSE = 10.0  # seconds at least between two starts for the same vault
ENDING = log_copies.LAST_WORDS + 2.0


class Copiers:
    """The processes; whoever has them looks now and then, and ends them."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.children: dict[int, subprocess.Popen[bytes]] = {}
        self.started: dict[int, float] = {}

    def look(self) -> None:
        """Start those that are wanted and not there. One that is not wanted any more ends by itself."""
        with contextlib.suppress(DatabaseError, OSError):  # tried again in a moment
            for vault in log_posts.wanted(self.queue):
                child, last = self.children.get(vault), self.started.get(vault, float("-inf"))
                if (child is None or child.poll() is not None) and time.monotonic() - last > PAUSE:
                    self._start(vault)

    def _start(self, vault: int) -> None:
        self.started[vault] = time.monotonic()
        command = [sys.executable, sys.argv[0], "copy_log", "--vault", str(vault)]
        self.children[vault] = subprocess.Popen(command)

    def end(self) -> None:
        """Let them send what is left, for a few seconds."""
        deadline = time.monotonic() + ENDING
        for child in self.children.values():
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
