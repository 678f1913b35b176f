"""What may become of a request: it goes on to the engine, the door answers itself, or it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Refused(Exception):
    """What was not allowed, as the end of the sentence “smsops's door does not allow …”. Never a secret in it."""

    def __str__(self) -> str:
        return f"smsops's door does not allow {self.args[0]}."


class EngineAway(Exception):
    """The engine cannot be reached, or broke off."""


class Answered(Exception):
    """The engine answered a look of the door with an error; the visitor is told the same."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status, self.body = status, body


class Takes(Enum):
    """What a request may carry."""

    NOTHING = "nothing"
    JSON = "json"
    STREAM = "stream"  # an archive; passed on as it comes


@dataclass(frozen=True)
class Call:
    """A request that was taken apart: one of the known API versions, a plain path, each parameter once."""

    method: str
    version: str  # like “/v1.41”; empty where none was named
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Forward:
    """What the engine is asked instead. A `body` is sent as JSON; without one, what streams in streams on."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Answer:
    """What the door says itself, as JSON."""

    body: Any


Verdict = Forward | Answer
