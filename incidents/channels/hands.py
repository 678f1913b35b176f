"""Sends side by side, each for at most so many seconds, whatever the other side does.

Sockets have timeouts of their own, but a server that says a byte now and then, or a name that is looked up for ever,
gets round them. So a hand that takes too long is given up with what it carries: nobody knows what became of that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from incidents.channels.base import SECONDS, Carrier, Message, NotSent
from incidents.channels.sides import side_of

TOO_LONG = "{} took longer than {:.0f} seconds."
LONG = 0.3  # of the time a hand has: who fails only after it kept the hand waiting


@dataclass(frozen=True)
class Errand:
    """What is to be carried, where to; `mark` is how the giver knows it again, `called` how a sentence about the far
    side begins and `fix` what can be done about one that does not take it."""

    mark: Any
    way: str
    address: str
    message: Message
    called: str = "It"
    fix: str = ""

    @property
    def side(self) -> str:
        """The far side it is for."""
        return side_of(self.way, self.address)


@dataclass(frozen=True)
class Ended:
    """What became of an errand; `hung`: the far side kept the hand waiting in vain."""

    errand: Errand
    error: NotSent | None
    hung: bool = False


class _Hand(Thread):
    """Carries one errand after the other; keeps the carriers it used."""

    def __init__(self, find: Callable[[str], Carrier], done: SimpleQueue[tuple[_Hand, NotSent | None]]) -> None:
        super().__init__(daemon=True, name="smsops-hand")
        self.find, self.done = find, done
        self.errands: SimpleQueue[Errand | None] = SimpleQueue()
        self.carriers: dict[str, Carrier] = {}
        self.start()

    def run(self) -> None:
        while (errand := self.errands.get()) is not None:
            self.done.put((self, self._carry(errand)))
        for carrier in self.carriers.values():
            carrier.rest()

    def _carry(self, errand: Errand) -> NotSent | None:
        try:
            carrier = self.carriers.setdefault(errand.way, self.find(errand.way))
            carrier.send(errand.address, errand.message)
        except NotSent as error:
            return error
        except Exception as error:  # a driver's mistake must not cost the other pages
            return NotSent(f"It could not be sent ({type(error).__name__}).", transient=True, unsure=True)
        return None


class Hands:
    """At most so many errands at a time."""

    def __init__(self, number: int, find: Callable[[str], Carrier], seconds: float = SECONDS) -> None:
        self.number, self.find, self.seconds = number, find, seconds
        self.done: SimpleQueue[tuple[_Hand, NotSent | None]] = SimpleQueue()
        self.idle: list[_Hand] = []
        self.busy: dict[_Hand, tuple[Errand, float]] = {}

    @property
    def carried(self) -> list[Errand]:
        """What is on its way."""
        return [errand for errand, _ in self.busy.values()]

    def give(self, errand: Errand) -> None:
        """Let it be carried."""
        hand = self.idle.pop() if self.idle else _Hand(self.find, self.done)
        self.busy[hand] = (errand, time.monotonic() + self.seconds)
        hand.errands.put(errand)

    def ended(self, within: float = SECONDS) -> list[Ended]:
        """Wait until one has come to an end, well or not, but only so many seconds; return all that have."""
        found: list[Ended] = []
        wait = min(within, min((until for _, until in self.busy.values()), default=0.0) - time.monotonic())
        try:
            while True:
                hand, error = self.done.get(timeout=max(0.0, wait) if not found else 0.0)
                if hand in self.busy:
                    found.append(self._end(hand, error))
                    self.idle.append(hand)
        except Empty:
            return found + self._given_up()

    def rest(self) -> None:
        """Send the hands home; one that hangs goes when it can."""
        for hand in (*self.idle, *self.busy):
            hand.errands.put(None)

    def _given_up(self) -> list[Ended]:
        late = [hand for hand, (_, until) in self.busy.items() if until <= time.monotonic()]
        for hand in late:
            hand.errands.put(None)
        return [self._end(hand, self._too_long(self.busy[hand][0])) for hand in late]

    def _too_long(self, errand: Errand) -> NotSent:
        return NotSent(TOO_LONG.format(errand.called, self.seconds), transient=True, unsure=True, fix=errand.fix)

    def _end(self, hand: _Hand, error: NotSent | None) -> Ended:
        errand, until = self.busy.pop(hand)
        waited = self.seconds - (until - time.monotonic())
        return Ended(errand, error, error is not None and waited > LONG * self.seconds)
