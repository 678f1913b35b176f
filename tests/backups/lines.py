"""Lines of a server's log made by hand: names and moments are right, what is in the segments is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backups.engines.postgres import notes
from backups.engines.postgres.bases import Base
from backups.engines.postgres.beats import Server
from backups.engines.postgres.lines import Line
from backups.engines.postgres.notes import Known
from backups.engines.postgres.segments import SIZE, Segment

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = Server(7, 1, 0)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def fill(line: Line, numbers: range, begin: float) -> Line:
    """A segment a minute, from minute `begin` on."""
    for minute, number in enumerate(numbers, 1):
        (line.archive.log / Segment(line.timeline, number).name()).write_bytes(b"x")
        until = int(at(begin + minute).timestamp() * 1000)
        notes.note(line.folder, Known(until, 3, number * SIZE + 8, "beat"), Segment(line.timeline, number))
    line.archive.take_in()
    return line


def base(line: Line, number: int, minutes: float) -> Base:
    place = f"0/{number * SIZE + 40:X}"
    found = Base(f"b{number}", at(minutes).isoformat(), 15, line.timeline, place, place, 1)
    line.archive.base_envelope(found.name).write_bytes(b"x")
    line.archive.add_base(found)
    return found
