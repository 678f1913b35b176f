"""What is in a file of the log, in short: so that a list of all moments that can be had costs little."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from backups.wal.frames import Position
from backups.wal.records import Kind, Record

TOLERANCE = 2000  # ms; whoever asks for a moment may be answered that far beside it


@dataclass
class Tally:
    """Times in ms since 1970. `since` is when `before` was last seen, `until` when the database was last looked at.

    `lag` is the longest time in which a commit may have been made before it was seen; `breaks` are the times that
    cannot be told apart: from, to, and how many commits lie before. `stretches` are the frames per log of SQLite: both
    salts, first, last.
    """

    records: int = 0
    commits: int = 0
    before: str = ""
    after: str = ""
    since: int = 0
    until: int = 0
    lag: int = 0
    setbacks: int = 0
    breaks: list[tuple[int, int, int]] = field(default_factory=list)
    stretches: list[list[int]] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Count a record."""
        if not self.records:
            self.before, self.since = str(record.before), record.since
            self._reach(record.before)
        self.records += 1
        self.after = self.after or self.before
        self.until = max(self.until, record.since)
        self.setbacks += bool(record.setback)
        for entry in record.entries:
            self.until = max(self.until, entry.time)
            if entry.more:
                continue
            self.after = str(entry.position)
            self._reach(entry.position)
            self._delay(entry.kind, record.since, entry.time)
            self.commits += entry.kind == Kind.COMMIT

    def _delay(self, kind: Kind, since: int, time: int) -> None:
        if kind == Kind.JUMP or (kind == Kind.COMMIT and time - since > TOLERANCE):
            if not self.breaks or self.breaks[-1][:2] != (since, time):
                self.breaks.append((since, time, self.commits))
        elif kind == Kind.COMMIT:
            self.lag = max(self.lag, time - since)

    def _reach(self, position: Position) -> None:
        if self.stretches and tuple(self.stretches[-1][:2]) == position.salts:
            self.stretches[-1][3] = position.frame
        else:
            # The state before the first frame of a new log is the one behind the last frame of the old.
            self.stretches.append([*position.salts, position.frame if not self.records else 0, position.frame])

    def holds(self, position: Position) -> bool:
        """Whether that position may be in the file."""
        return any(
            (salt1, salt2) == position.salts and first <= position.frame <= last
            for salt1, salt2, first, last in self.stretches
        )

    def dumps(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def loads(data: bytes) -> Tally:
        """Read what `dumps` wrote; ValueError or TypeError when it is something else."""
        known: dict[str, Any] = json.loads(data)
        return Tally(**{**known, "breaks": [(since, until, before) for since, until, before in known["breaks"]]})
