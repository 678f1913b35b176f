"""How much a file from elsewhere may cost."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """The largest file or database in bytes, and what a program behind bars may use: seconds, and bytes of memory."""

    size: int
    seconds: float = 600.0
    memory: int = 1024**3

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Limits:
        return cls(**json.loads(text))
