"""Which moments the log can bring back, how exactly, and how long it is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backups.errors import BackupDamaged, KeyUnusable
from backups.wal.log import LOG, Log
from backups.wal.segments import name_of
from backups.wal.tally import Tally


@dataclass(frozen=True)
class Span:
    """From `start` to `end` every commit is known, each seen at most `lag` after it was made. Between two spans it is
    not known what happened when; a restore to a moment there is refused. `commits` is None where nobody counts them."""

    generation: str
    start: datetime
    end: datetime
    lag: timedelta
    commits: int | None


def coverage(log: Log) -> list[Span]:
    """All spans, oldest first. What cannot be read is in none of them."""
    return [span for generation in log.generations() for span in _spans(log, generation)]


def _spans(log: Log, generation: str) -> Iterator[Span]:
    start: int | None = None
    end = lag = commits = 0
    for known in _tallies(log, generation):
        start = known.since if start is None else start
        told = 0
        for since, until, before in known.breaks:
            if since > start:
                yield _span(generation, start, since, max(lag, known.lag), commits + before - told)
            start, lag, commits, told = until, 0, 0, before
        end, lag, commits = known.until, max(lag, known.lag), commits + known.commits - told
        if not known.records:
            yield _span(generation, start, end, lag, commits)
            start, lag, commits = None, 0, 0
    if start is not None:
        yield _span(generation, start, end, lag, commits)


def _span(generation: str, start: int, end: int, lag: int, commits: int) -> Span:
    first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (start, end))
    return Span(generation, first, last, timedelta(milliseconds=lag), commits)


def _tallies(log: Log, generation: str) -> Iterator[Tally]:
    """What is in each file; an empty one, at the end of what came before, for a file that cannot be read."""
    until = 0
    for number in log.numbers(generation):
        try:
            known = log.tally(generation, number)
        except (BackupDamaged, KeyUnusable):
            if until:
                yield Tally(since=until, until=until)
            continue
        if known.records:
            yield known
            until = known.until


def tidy(log: Log, keep_since: datetime) -> int:
    """Remove the files whose last commit was seen before `keep_since`, oldest first; returns how many. The last file of
    the newest generation stays, whatever its age: it is where the log goes on."""
    removed = 0
    generations = log.generations()
    for generation in generations:
        numbers = log.numbers(generation)
        past = numbers[:-1] if generation == generations[-1] else numbers
        for number in past[: _old(log, generation, past, int(keep_since.timestamp() * 1000))]:
            log.shelf.remove(name_of(generation, number))
            removed += 1
        with contextlib.suppress(OSError):
            (log.shelf.root / LOG / generation).rmdir()
    return removed


def _old(log: Log, generation: str, numbers: list[int], horizon: int) -> int:
    """How many of these files, from the first, are older; one that cannot be read is as old as the next."""
    old = 0
    for at, number in enumerate(numbers, 1):
        with contextlib.suppress(BackupDamaged, KeyUnusable):
            if log.tally(generation, number).until >= horizon:
                break
            old = at
    return old
