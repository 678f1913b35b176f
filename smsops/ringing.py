"""Rings for many environments with few messages.

A message for each environment costs the one who rings more than a millisecond: for a thousand environments that would
take longer than the two seconds until the next ring. So a message is for as many environments of one queue as keep the
number of messages small. Where one of them holds a worker up, the others of its message are rung for again, each by
itself: an engine that hangs blinds nobody.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

MESSAGES = 50  # to one queue at one ring, at most
HELD_UP = 1.0  # seconds with one environment from which on it holds up the others


def ring(task: Any, places: Iterable[tuple[int, str]], expires: float) -> None:
    """Ring for these environments (number and queue), at the workers beside their engines."""
    queues: dict[str, list[int]] = defaultdict(list)
    for number, queue in places:
        queues[queue].append(number)
    for queue, numbers in queues.items():
        size = math.ceil(len(numbers) / MESSAGES)
        for first in range(0, len(numbers), size):
            task.apply_async(tuple(numbers[first : first + size]), queue=queue, expires=expires)


def in_turn(task: Any, work: Callable[[int], object], numbers: tuple[int, ...], expires: float) -> None:
    """Do the work for each environment of a message; once one has held it up, ring for the rest one by one."""
    for at, number in enumerate(numbers, 1):
        began, quick = time.monotonic(), False
        try:
            work(number)
            quick = time.monotonic() - began <= HELD_UP
        finally:  # also where it broke off: that is no fault of the others
            if not quick:
                queue = (task.request.delivery_info or {}).get("routing_key")
                for rest in numbers[at:]:
                    task.apply_async((rest,), queue=queue, expires=expires)
        if not quick:
            return
