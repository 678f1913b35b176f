"""What is known of a base backup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backups.engines.postgres import segments
from backups.engines.postgres.segments import Segment


@dataclass(frozen=True)
class Base:
    """A base backup: when it was whole by the server's clock, the server's major version, and the stretch of log
    without which it is nothing. `size` is what it takes sealed, `plain` what the server's files take (0: unknown)."""

    name: str
    finished_at: str
    major: int
    timeline: int
    start: str
    end: str
    size: int
    plain: int = 0

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.finished_at)

    @property
    def first(self) -> Segment:
        """The first segment a recovery needs."""
        return segments.at(self.timeline, self.start)
