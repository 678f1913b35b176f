"""Which pages of a database nobody wrote: what is in them differs between the image and a backup (shadow.State)."""

from __future__ import annotations

from backups.wal.frames import Position, Written
from backups.wal.log import Log
from backups.wal.records import Entry
from backups.wal.replay import steps
from backups.wal.shadow import State, loosened


def leads(log: Log, generation: str, start: Position, end: Position) -> bool:
    """Whether both are in that generation, in this order."""
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
    if known is not None and leads(log, generation, known.position, end):
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
