"""One way back as it stands at a moment: what is known of it, and whether it still fits into the rest of the RTO."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from incidents.clock.history import Expected
from incidents.clock.known import Kind
from incidents.services.remedies import NEVER, Record

VAIN = 2  # times a response was tried for the same cause, and never helped: it is not recommended


@dataclass(frozen=True)
class Way:
    """`found` is what was seen of it last, empty where nothing was; `tried` says when it was done in this incident."""

    kind: Kind
    found: dict[str, Any]
    expected: Expected
    now: datetime
    deadline: datetime
    tried: str = ""
    record: Record = NEVER
    damaged: bool = False

    @property
    def open(self) -> bool | None:
        """None where nobody knows."""
        known: bool | None = self.found.get("open")
        return known

    @property
    def fits_until(self) -> datetime:
        """The last moment at which nine in ten would be over within the RTO."""
        return self.deadline - timedelta(seconds=self.expected.most)

    @property
    def fits(self) -> bool:
        return bool(self.open) and self.now <= self.fits_until

    @property
    def ends_at(self) -> datetime:
        """When nine in ten would be over, begun now."""
        return self.now + timedelta(seconds=self.expected.most)

    @property
    def back_to(self) -> datetime | None:
        told = self.found.get("back_to")
        return datetime.fromisoformat(told) if told else None

    @property
    def lost_seconds(self) -> float:
        """Of work, begun now."""
        return max(0.0, (self.now - self.back_to).total_seconds()) if self.back_to is not None else 0.0

    @property
    def doubt(self) -> str:
        """Why it is not recommended although it is open, in a sentence; empty where nothing speaks against it."""
        if self.tried:
            return self.tried
        if self.damaged and not self.kind.back:
            return "It leaves the data as it is, and an integrity check failed."
        if self.record.tried >= VAIN and not self.record.worked:
            return f"It did not help the last {self.record.tried} times against this cause."
        return ""

    @property
    def gentleness(self) -> tuple[int, float]:
        """The smaller, the gentler: nothing lost, then what the schema drops, then the least work."""
        return self.kind.rank, self.lost_seconds
