"""What every driver promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from smsops.errors import OpsError

SECONDS = 10.0  # that one send may take


@dataclass(frozen=True)
class Message:
    """One message: `subject` is its first line, `identifier` stays the same however often it is sent."""

    subject: str
    text: str
    identifier: str


class NotSent(OpsError):
    """It did not go out. `transient`: it may later; `unsure`: it may even have gone out."""

    def __init__(self, message: str, *, transient: bool = False, unsure: bool = False, fix: str = "") -> None:
        super().__init__(message, transient=transient, fix=fix)
        self.unsure = unsure


class Carrier(Protocol):
    """The contract: `send` returns once the other side has taken the message over; else NotSent. One may keep a
    connection from send to send; `rest` ends it. Used by one thread. How long a send may take is held by hands.py."""

    def send(self, address: str, message: Message) -> None: ...

    def rest(self) -> None: ...
