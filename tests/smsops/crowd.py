"""Many at once: threads that start together, and processes forked together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Answer = TypeVar("Answer")


def together(count: int, act: Callable[[], Answer]) -> list[Answer]:
    """What `count` threads answer that all begin at the same moment; each closes its database connection."""
    start = threading.Barrier(count)

    def one() -> Answer:
        try:
            start.wait(10)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(one) for _ in range(count)]]


def forked(count: int, act: Callable[[], object]) -> list[int]:
    """The exit codes of `count` processes, forked and let go together; 0 means `act` came back."""
    connections.close_all()
    gate, release = os.pipe()
    children = [_child(gate, release, act) for _ in range(count)]
    os.close(gate)
    os.close(release)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]


def _child(gate: int, release: int, act: Callable[[], object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.close(release)
        os.read(gate, 1)  # ends when the parent closes its side
        act()
        code = 0
    finally:
        os._exit(code)
