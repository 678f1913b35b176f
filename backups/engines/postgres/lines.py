"""Lines of the log: one goes on from commit to commit, on one timeline of one server; after a hole the next begins.

What is in two lines is never put together: a line has base backups of its own, and the one before stays as it is. Our
own restore begins none: it is a few transactions more in the log of the same server, and what was live before is
reached by a moment before it, what is live now by one after it.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backups.engines.postgres import notes, segments
from backups.engines.postgres.archive import Archive
from backups.engines.postgres.bases import Base
from backups.engines.postgres.beats import Server
from backups.engines.postgres.notes import Known
from backups.errors import BackupDamaged
from backups.vault.keys import Keyring
from backups.vault.shelf import explained
from backups.wal.coverage import Span

_NAME = re.compile(r"\d{6,}-\d{8}T\d{6}Z-[0-9a-f]{6}")


class Line:
    """One line in its folder."""

    def __init__(self, folder: Path, keys: Keyring) -> None:
        self.folder, self.name = folder, folder.name
        self.archive = Archive(folder, keys)
        about = json.loads((folder / "server.json").read_text())
        self.system, self.timeline = int(about["system"]), int(about["timeline"])

    @property
    def known(self) -> Known | None:
        """How far it is known; None while nothing is."""
        return notes.known(self.folder)

    def reach(self, base: Base) -> datetime | None:
        """Until when every commit after a base backup is known; None where it cannot be used."""
        found, known = self.archive.coverage(base), self.known
        if found.last is None or known is None or found.last < segments.at(base.timeline, base.end):
            return None
        until = known.until
        if found.problem:  # the log is there up to a missing segment
            until = max((at for number, at in notes.times(self.folder) if number <= found.last.number), default=0)
        moment = datetime.fromtimestamp(until / 1000, UTC)
        return moment if moment >= base.moment else None

    def spans(self) -> Iterator[Span]:
        """The stretches of which every commit is known."""
        known, end = self.known, None
        for base in self.archive.bases():
            reach = self.reach(base)
            if reach is None or known is None or (end is not None and reach <= end):
                continue
            yield Span(self.name, base.moment, reach, timedelta(milliseconds=known.clock), None)
            end = reach

    def usable(self) -> list[Base]:
        """The base backups from which the log leads on, oldest first."""
        return [base for base in self.archive.bases() if self.reach(base) is not None]


class Lines:
    """All lines of one environment's log, in a folder."""

    def __init__(self, folder: Path, keys: Keyring) -> None:
        self.folder, self.keys = folder, keys

    def all(self) -> list[Line]:
        """Oldest first."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.name for path in self.folder.iterdir() if _NAME.fullmatch(path.name))
        return [Line(self.folder / name, self.keys) for name in names if (self.folder / name / "server.json").exists()]

    def newest(self) -> Line | None:
        lines = self.all()
        return lines[-1] if lines else None

    def begin(self, server: Server) -> Line:
        """Begin a new line. It is there when its description is."""
        before = [int(line.name.partition("-")[0]) for line in self.all()]
        name = f"{max(before, default=0) + 1:06d}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        folder = self.folder / name
        Archive(folder, self.keys)
        with explained(self.folder):
            notes.write(
                folder / "server.json", json.dumps({"system": server.system, "timeline": server.timeline}), sync=True
            )
        return Line(folder, self.keys)

    def spans(self) -> list[Span]:
        return [span for line in self.all() for span in line.spans()]

    def lead(self, until: datetime) -> tuple[Line, Base]:
        """The newest base backup from which the log leads to that moment. BackupDamaged, saying why, without one. Where
        the newest line ends before it, that one leads as far as it goes."""
        lines, later = self.all(), None
        for line in reversed(lines):
            for base in reversed(line.usable()):
                reach = line.reach(base)
                if base.moment > until or reach is None:
                    later = base.moment
                elif until <= reach or (line is lines[-1] and not line.archive.coverage(base).problem):
                    return line, base
                elif later is not None:
                    raise BackupDamaged(_gap(reach, later))
                else:
                    raise BackupDamaged(f"The log knows every commit only up to {_text(reach)}.")
        firsts = [base.moment for line in lines for base in line.archive.bases()[:1]]
        said = f"The first base backup is of {_text(firsts[0])}." if firsts else "There is no base backup yet."
        raise BackupDamaged(said)

    def tidy(self, since: datetime) -> int:
        """Remove what only moments before `since` need; returns how many segments. A base backup goes when a newer one
        covers all that is to be kept, a line when it ended before that and a newer one can be used."""
        removed, usable_later = 0, False
        for left in self.folder.glob(".*-*"):  # by a kill
            shutil.rmtree(left)
        for line in reversed(self.all()):
            usable, known = line.usable(), line.known
            if usable_later and (known is None or known.until / 1000 < since.timestamp()):
                removed += len(line.archive.names())
                shutil.rmtree(line.folder.rename(line.folder.with_name(f".{line.name}")))
                continue
            if covering := [base for base in usable if base.moment <= since]:
                removed += line.archive.forget_before(covering[-1])
            usable_later = usable_later or bool(usable)
        return removed

    def size(self) -> int:
        """Bytes of all of it."""
        return sum(line.archive.size() for line in self.all())


def _gap(start: datetime, end: datetime) -> str:
    return (
        f"The log has a gap: what was committed between {_text(start)} and {_text(end)} is not known one by one. "
        "Choose a moment before or after it."
    )


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
