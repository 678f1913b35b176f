"""Brings a restored backup to a later moment: the commits behind its position, in order, up to that moment.

What cannot be had is found out before anything is written: a position the log does not hold, a gap, a damaged file.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backups.errors import BackupDamaged
from backups.vault.blocks import gather, scatter
from backups.vault.shelf import explained
from backups.wal.frames import Position
from backups.wal.log import Log
from backups.wal.records import Entry, Kind, Record, steady
from backups.wal.tally import TOLERANCE
from smsops.errors import OpsError

FARTHEST = 2 * 86_400_000  # ms; a clock that was set back farther is not looked for
Until = datetime | Position


@dataclass(frozen=True)
class Replayed:
    """Where the image stands now: behind the commit seen at `time`. `known` is up to when the log knows every commit; a
    moment asked for that is later may miss some."""

    position: Position
    time: datetime
    commits: int
    known: datetime


@dataclass(frozen=True)
class Step:
    """An entry on its way: `size` is that of the database before its commit, in pages."""

    record: Record
    index: int
    size: int

    @property
    def entry(self) -> Entry:
        return self.record.entries[self.index]

    @property
    def vague(self) -> bool:
        """Whether what it brings happened at an unknown time since the last look."""
        late = self.entry.kind == Kind.COMMIT and self.entry.time - self.record.since > TOLERANCE
        return late or self.entry.kind == Kind.JUMP

    @property
    def before(self) -> Position:
        """Where the database stood before its commit."""
        return self.record.entries[self.index - 1].position if self.index else self.record.before

    def begins_at(self, position: Position) -> bool:
        """Whether this is the first entry behind that position."""
        before = self.before
        if before == position:
            return self.index == 0  # else found as the end of the one before
        renewed = before.salts != position.salts and self.entry.position.salts == position.salts
        return renewed and not position.frame and self.entry.kind == Kind.COMMIT


@dataclass
class Plan:
    """Which entries of the file and those behind it are to be applied: from the number `start` up to `end`."""

    generation: str
    number: int
    start: int
    end: int
    position: Position
    time: int
    commits: int = 0
    known: int = 0


def replay(image: Path, position: Position, log: Log, until: Until) -> Replayed:
    """Bring the database file `image`, which stands at `position` and nobody uses, to the last commit at or before
    `until`, and sync it. It is one file, without a log of its own.

    Raises OpsError, with the image untouched, when the log does not hold `position` or has a gap before `until`;
    BackupDamaged when a file of the log is damaged, with the image in a state of no use where that shows late.
    """
    plan = planned(log, position, until)
    page_size = _page_size(log, plan)
    with explained(image.parent), image.open("r+b") as file:
        for step in itertools.islice(steps(log, plan.generation, plan.number), plan.start, plan.end):
            _apply(file.fileno(), step, page_size)
        os.fsync(file.fileno())
    return Replayed(plan.position, _moment(plan.time), plan.commits, _moment(plan.known))


def planned(log: Log, position: Position, until: Until) -> Plan:
    """What `replay` would do; raises what it would raise. Writes nothing."""
    for generation, number in log.holding(position):
        plan = _plan(log, generation, number, position, until)
        if plan is not None:
            if isinstance(until, datetime):
                _only_once(log, plan, _ms(until))
            return plan
    raise OpsError(
        "The log does not go on from this backup: it does not hold the position at which it was taken.",
        fix="Choose another backup, or restore this one as it is.",
    )


def _plan(log: Log, generation: str, number: int, position: Position, until: Until) -> Plan | None:
    """The plan from this file on; None where the position is not in it."""
    plan: Plan | None = None
    for at, step in enumerate(steps(log, generation, number)):
        entry = step.entry
        if plan is None and step.begins_at(position):
            plan = Plan(generation, number, at, at, position, step.record.since)
        if plan is not None:
            plan.known = max(plan.known, entry.time)
            if plan.position == until or _beyond(step, plan, until):
                return plan
            if not entry.more:
                plan.end, plan.position, plan.time = at + 1, entry.position, entry.time
                plan.commits += entry.kind == Kind.COMMIT
        elif entry.position == position and not entry.more:
            _not_before(entry, until)
            plan = Plan(generation, number, at + 1, at + 1, position, entry.time)
    return None if plan is None else _ended(log, plan, until)


def _beyond(step: Step, plan: Plan, until: Until) -> bool:
    """Whether this entry is later than what is asked for. Raises OpsError where that cannot be told."""
    if isinstance(until, Position) or step.entry.time <= _ms(until):
        return False
    if step.vague and step.record.since < _ms(until):
        raise _gap(max(plan.time, step.record.since), step.entry.time)
    return True


def _not_before(entry: Entry, until: Until) -> None:
    if isinstance(until, datetime) and _ms(until) < entry.time:
        raise OpsError("The backup was taken after that moment.", fix="Choose an earlier backup.")


def _ended(log: Log, plan: Plan, until: Until) -> Plan:
    """The plan where the log of its generation ends. Raises OpsError where what is asked for lies behind that."""
    plan.known = max(plan.known, log.tally(plan.generation, log.numbers(plan.generation)[-1]).until)
    if isinstance(until, Position):
        if plan.position == until:
            return plan
        raise OpsError("The log does not hold the commit that was asked for, behind this backup.")
    later = [name for name in log.generations() if name > plan.generation]
    if later and _ms(until) > plan.known:
        raise _gap(plan.known, log.tally(later[0], log.numbers(later[0])[0]).since)
    return plan


def _only_once(log: Log, plan: Plan, until: int) -> None:
    """Raise OpsError where that moment was there twice, because the clock was set back over it: commits of the second
    time carry the last time of the first."""
    for number in (each for each in log.numbers(plan.generation) if each >= plan.number):
        known = log.tally(plan.generation, number)
        if known.since > until + FARTHEST:
            return
        if not known.setbacks:
            continue
        with log.segment(plan.generation, number) as segment:
            for found in segment.records():
                last, setback = found.record.entries[-1].time, found.record.setback
                if setback and last - setback <= until < last:
                    raise _twice(last, setback)


def _twice(last: int, setback: int) -> OpsError:
    return OpsError(
        f"That moment was there twice: the clock was set back from {_text(last)} by {setback / 1000:,.0f} s.",
        fix=f"Choose one before {_text(last - setback)} or after {_text(last)}, or a backup.",
    )


def _gap(start: int, end: int) -> OpsError:
    return OpsError(
        f"The log has a gap: what was committed between {_text(start)} and {_text(end)} is not known one by one.",
        fix="Choose a moment before or after it.",
    )


def steps(log: Log, generation: str, number: int) -> Iterator[Step]:
    """Every entry from the file `number` on."""
    for _, found in log.records(generation, number):
        size = found.record.size
        for index, entry in enumerate(found.record.entries):
            yield Step(found.record, index, size)
            if not entry.more:
                size = entry.size


def _page_size(log: Log, plan: Plan) -> int:
    with log.segment(plan.generation, plan.number) as segment:
        return segment.header.page


def _apply(handle: int, step: Step, page_size: int) -> None:
    entry = step.entry
    known = entry.known(step.size)
    earlier = steady(known, gather(handle, [page - 1 for page in known], page_size))
    if entry.pages:
        scatter(handle, [page - 1 for page in entry.pages], entry.unpack(earlier, page_size), page_size)
    if not entry.more:
        os.ftruncate(handle, entry.size * page_size)


def _ms(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise BackupDamaged("A moment without a time zone cannot be found in the log.")
    return int(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _text(ms: int) -> str:
    return f"{_moment(ms):%Y-%m-%d %H:%M:%S} UTC"
