"""Whose turn it is among messages for several far sides, so that one that does not answer holds up no other (I6).

A far side is a mail server or a chat service. While messages for others wait, one may keep half of the hands busy; one
that lately kept a hand waiting in vain, two.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import urlsplit

HANGING = 2  # hands for a far side that lately did not answer
REMEMBERED = 60.0  # seconds
Group = TypeVar("Group")


class Sides:
    """How far sides did lately, as this process saw it."""

    def __init__(self) -> None:
        self._hung: dict[str, float] = {}

    def hung(self, side: str) -> None:
        """It kept a hand waiting in vain."""
        self._hung[side] = time.monotonic() + REMEMBERED

    def well(self, side: str) -> None:
        """It took a message over."""
        self._hung.pop(side, None)

    def hanging(self) -> set[str]:
        """Those that did not answer lately."""
        return {side for side, until in list(self._hung.items()) if until > time.monotonic()}

    def next_of(
        self, waiting: list[Group], side_of: Callable[[Group], str], carried: Iterable[str], hands: int
    ) -> tuple[list[Group], list[Group]]:
        """What goes now, when so many `hands` there are and those carry for `carried`; and what waits on. In order, but
        for far sides that have enough; those that hang come last."""
        busy, hanging = Counter(carried), self.hanging()
        others = len(set(map(side_of, waiting)) | set(busy)) > 1
        now: list[Group] = []
        left: list[Group] = []
        if hanging:
            waiting = sorted(waiting, key=lambda each: side_of(each) in hanging)
        for at, group in enumerate(waiting):
            if busy.total() >= hands:
                return now, left + waiting[at:]
            side = side_of(group)
            share = HANGING if side in hanging else max(1, hands // 2) if others else hands
            (now if busy[side] < share else left).append(group)
            busy[side] += busy[side] < share
        return now, left


def side_of(way: str, address: str) -> str:
    """The far side of an address: all mail goes to one server, a chat service is told by where its address begins."""
    parts = urlsplit(address) if "://" in address else None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts is not None else way
