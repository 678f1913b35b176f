"""Brings the follower's image to the end of the log from what is kept alone; SMS's own log is not needed for it.

The image as it was noted is brought on with the records behind it. One that is damaged, or ahead of a log that lost its
end, is built anew from a backup. What the database got without anybody writing it differs between the two, so which
pages these are has to be known as well.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.shelf import explained
from backups.wal.frames import Position, Written
from backups.wal.keeping import Keeper
from backups.wal.log import Log, Tail
from backups.wal.records import Entry
from backups.wal.replay import replay, steps
from backups.wal.shadow import State, loosened
from smsops.errors import OpsError

# Unpacks the newest backup from which the log leads to a position; returns where that one stands, None without one.
Base = Callable[[Position, Path], Position | None]


def nothing(end: Position, target: Path) -> Position | None:
    """Where there are no backups."""
    del end, target
    return None


def bring(keeper: Keeper, tail: Tail, base: Base) -> str:
    """Let the image be where the log ends; why that cannot be, or empty where it is."""
    state, end = keeper.shadow.state, tail.position
    if end is None:
        return "the log is not the one that was written"
    if state is not None and not state.torn and (state.generation, state.position) == (tail.generation, end):
        return ""
    try:
        return _rebuilt(keeper, tail.generation, end, base)
    except (BackupDamaged, KeyUnusable) as error:
        return error.message


def _rebuilt(keeper: Keeper, generation: str, end: Position, base: Base) -> str:
    state, log = keeper.shadow.state, keeper.log
    loose = loose_at(log, generation, end, state)
    coming = keeper.folder / "coming.db"
    start = _start(keeper, generation, end, coming, base)
    if loose is None or start is None:
        return _reason(state, generation, start)
    replay(coming, start, log, end)
    with explained(keeper.folder), log.segment(generation, log.numbers(generation)[-1]) as segment:
        page_size = segment.header.page
        identity = state.identity if state is not None else (0, 0)
        size = coming.stat().st_size // page_size
        keeper.shadow.take(coming, State(generation, end, page_size, size, identity, loose))
    return ""


def _reason(state: State | None, generation: str, start: Position | None) -> str:
    if state is None:
        return "there was no image of the database to go on from"
    if state.generation != generation:
        return "the log is not the one that was written"
    if state.torn or start is not None:
        return "its own image of the database was damaged"
    return "the log of smsops ends elsewhere"


def _start(keeper: Keeper, generation: str, end: Position, coming: Path, base: Base) -> Position | None:
    """Put a file at `coming` from which the log leads to `end`: the image itself where it is one, else a backup."""
    state = keeper.shadow.state
    with explained(keeper.folder):
        coming.unlink(missing_ok=True)
        if state is not None and not state.torn and _leads(keeper.log, generation, state.position, end):
            shutil.copyfile(keeper.shadow.image, coming)
            return state.position
    try:
        return base(end, coming)
    except OpsError as error:
        if error.transient:
            raise
        return None


def _leads(log: Log, generation: str, start: Position, end: Position) -> bool:
    found = False
    for step in steps(log, generation, _file(log, generation, start)):
        found = found or step.before == start
        if found and step.entry.position == end and not step.entry.more:
            return True
    return False


def _file(log: Log, generation: str, position: Position) -> int:
    """The number of the newest file that may hold it, else of the first."""
    held = [number for found, number in log.holding(position) if found == generation]
    return held[0] if held else log.numbers(generation)[0]


def loose_at(log: Log, generation: str, end: Position, state: State | None) -> set[int] | None:
    """The loose pages at `end`: those noted with an image of this generation and what became of them since, else from
    the beginning of the generation on; None where neither is known."""
    known = state if state is not None and state.generation == generation else None
    if known is not None and known.position == end:
        return set(known.loose)
    if known is not None and _leads(log, generation, known.position, end):
        return _followed(log, generation, _file(log, generation, known.position), known.position, set(known.loose), end)
    if log.numbers(generation)[0] == 1:
        return _followed(log, generation, 1, None, set(), end)
    return None


def _followed(
    log: Log, generation: str, number: int, start: Position | None, loose: set[int], end: Position
) -> set[int] | None:
    """What becomes of loose pages from `start` (None: the beginning) to `end`."""
    found, pages = start is None, dict[int, int]()
    for step in steps(log, generation, number):
        found = found or step.before == start
        if not found:
            continue
        pages |= dict.fromkeys(step.entry.pages, 0)
        if not step.entry.more:
            loose, pages = loosened(loose, step.size, _written(step.entry, pages)), {}
            if step.entry.position == end:
                return loose
    return None


def _written(entry: Entry, pages: dict[int, int]) -> Written:
    return Written(entry.position, entry.size, pages)
