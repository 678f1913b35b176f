"""Brings the follower's image to the end of the log from what is kept alone; SMS's own log is not needed for it.

The image as it was noted is brought on with the records behind it. One that is damaged, or ahead of a log that lost its
end, is built anew from a backup.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.shelf import explained
from backups.wal.frames import Position
from backups.wal.keeping import Keeper
from backups.wal.log import Tail
from backups.wal.looseness import leads, loose_at
from backups.wal.replay import replay
from backups.wal.shadow import State
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
        if state is not None and not state.torn and leads(keeper.log, generation, state.position, end):
            shutil.copyfile(keeper.shadow.image, coming)
            return state.position
    try:
        return base(end, coming)
    except OpsError as error:
        if error.transient:
            raise
        return None
