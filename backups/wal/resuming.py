"""Takes a database up again: after a start, a kill, a rest, or a gap.

In this order: the same log of SQLite goes on, which is proven by its salts and checksums; the state last kept is known,
so that what differs is kept as one jump; nothing is known, and a new generation begins.
"""

from __future__ import annotations

from collections.abc import Callable

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.shelf import explained
from backups.wal import rotation
from backups.wal.frames import Discontinuity
from backups.wal.keeping import Keeper
from backups.wal.log import Tail
from backups.wal.pins import Pins
from backups.wal.position import Standing
from backups.wal.records import Kind
from backups.wal.shadow import State

Noted = Callable[[str], None]


def take_up(pins: Pins, keeper: Keeper, noted: Noted) -> int:
    """Take hold of the database and go on where the log ends; how many commits were kept. `noted` is told of a gap."""
    standing = pins.open()
    with explained(keeper.folder):
        state = keeper.shadow.load()
    tail = _tail(keeper, noted)
    since = max(tail.time if tail is not None else 0, keeper.shadow.last_seen() if state is not None else 0)
    keeper.clock.begin(since)
    reason = _unusable(pins, state, tail)
    if tail is None or reason:
        if reason:
            noted(reason)
        keeper.begin(pins, standing)
        return 0
    keeper.go_on(tail)
    try:
        return _catch_up(pins, keeper, standing, tail, since)
    except Discontinuity as gap:
        noted(str(gap))
    return _leap(pins, keeper, standing, tail, since)


def _tail(keeper: Keeper, noted: Noted) -> Tail | None:
    try:
        return keeper.log.tail()
    except (BackupDamaged, KeyUnusable) as error:
        noted(error.message)
        return None


def _unusable(pins: Pins, state: State | None, tail: Tail | None) -> str:
    """Why the log cannot go on; empty where it can, or where there is none yet."""
    if state is None:
        return "there was no image of the database to go on from" if tail is not None else ""
    if tail is None or tail.generation != state.generation or tail.position is None:
        return "the log is not the one that was written"
    if state.page_size != pins.page_size:
        return "the size of the database's pages was changed"
    if state.torn and tail.position == state.position:
        return "its own image of the database was damaged"
    return ""


def _catch_up(pins: Pins, keeper: Keeper, standing: Standing, tail: Tail, since: int) -> int:
    """Go on in the same log of SQLite, where it is proven to be the same. Raises Discontinuity where it is not."""
    state = keeper.state
    if pins.identity != state.identity:
        raise Discontinuity("the database was replaced")
    after = rotation.onward(pins.wal, state.position, standing.position) if pins.wal is not None else None
    if after is None:
        raise Discontinuity("its log was begun anew while nobody followed")
    with explained(keeper.folder):
        rest = rotation.copied(pins, after, standing.position, keeper.folder)
    with rest.file:
        places = [state.position, *(commit.position for commit in rest.commits)]
        if tail.position not in places:
            raise Discontinuity("the log of smsops ends elsewhere")
        done, pages = places.index(tail.position), rest.wal.page
        keeper.apply(rest.commits[:done], pages)
        if left := rest.commits[done:]:
            keeper.keep(left, Kind.COMMIT, pages, (since, keeper.clock.look()[1]))
    keeper.prove(pins)
    return len(left)


def _leap(pins: Pins, keeper: Keeper, standing: Standing, tail: Tail, since: int) -> int:
    """Go on with a jump; with a new generation where the image is not at the end of the log."""
    with explained(keeper.folder):
        state = keeper.shadow.load()  # it may have been half-way
    if state is None or state.torn or state.position != tail.position:
        keeper.begin(pins, standing)
    else:
        keeper.jump(pins, standing, since)
    return 0
