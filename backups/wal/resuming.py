"""Takes a database up again: after a start, a kill, a reboot, a rest, or a gap.

First the image is brought to where the log ends. Then, in this order: the same log of SQLite goes on, which is proven
by its salts and checksums and by every page of the database; else what differs is kept as one jump, for the state is
known and the moments since are not, even where nothing differs: a change that was taken back leaves no trace in the
pages. Where the image cannot be had, nothing is known, and a new generation begins.
"""

from __future__ import annotations

from collections.abc import Callable

from backups.errors import BackupDamaged, KeyUnusable
from backups.vault.shelf import explained
from backups.wal import rebuilding, rotation
from backups.wal.frames import Discontinuity
from backups.wal.keeping import Keeper, Times
from backups.wal.log import Tail
from backups.wal.pins import Pins
from backups.wal.position import Standing
from backups.wal.rebuilding import Base
from backups.wal.records import Kind
from smsops.text import count_text

Noted = Callable[[str], None]


def take_up(pins: Pins, keeper: Keeper, noted: Noted, base: Base = rebuilding.nothing) -> int:
    """Take hold of the database and go on where the log ends; how many commits were kept. `noted` is told of a gap."""
    keeper.clock.mark()
    standing = pins.open()
    seen = keeper.shadow.last_seen()
    with explained(keeper.folder):
        state = keeper.shadow.load()
    tail = _tail(keeper, noted)
    keeper.clock.begin(max(tail.time if tail is not None else 0, seen if state is not None else 0))
    times = keeper.clock.look()
    kept = _go_on(pins, keeper, standing, tail, times, noted, base)
    if kept is None:
        keeper.begin(pins, standing, times)
    keeper.clock.settle()
    return kept or 0


def _tail(keeper: Keeper, noted: Noted) -> Tail | None:
    try:
        return keeper.log.tail()
    except (BackupDamaged, KeyUnusable) as error:
        noted(error.message)
        return None


def _go_on(
    pins: Pins, keeper: Keeper, standing: Standing, tail: Tail | None, times: Times, noted: Noted, base: Base
) -> int | None:
    """Go on where the log ends; how many commits were kept. None, having noted why, where nothing is known."""
    if tail is None:
        return None
    if reason := _unusable(pins, keeper, tail, base):
        noted(reason)
        return None
    keeper.go_on(tail)
    try:
        return _catch_up(pins, keeper, standing, times)
    except Discontinuity as gap:
        reason = str(gap)
    return _leap(pins, keeper, standing, times, noted, reason, base)


def _unusable(pins: Pins, keeper: Keeper, tail: Tail, base: Base) -> str:
    """Why the log cannot go on; empty where it can, with the image at its end."""
    changed = "the size of the database's pages was changed"
    state = keeper.shadow.state
    if state is not None and state.page_size != pins.page_size:
        return changed
    if reason := rebuilding.bring(keeper, tail, base):
        return reason
    return "" if keeper.state.page_size == pins.page_size else changed


def _catch_up(pins: Pins, keeper: Keeper, standing: Standing, times: Times) -> int:
    """Go on in the same log of SQLite, where it is proven to be the same. Raises Discontinuity where it is not."""
    state = keeper.state
    if pins.identity[1] != state.identity[1]:  # the number of a disk may be another one after a start of the machine
        raise Discontinuity("the database was replaced")
    after = rotation.onward(pins.wal, state.position, standing.position) if pins.wal is not None else None
    if after is None:
        raise Discontinuity("its log was begun anew while nobody followed")
    with explained(keeper.folder):
        rest = rotation.copied(pins, after, standing.position, keeper.folder)
    with rest.file:
        if rest.commits:
            keeper.keep(rest.commits, Kind.COMMIT, rest.wal.page, times)
    keeper.shadow.known.identity = pins.identity
    keeper.prove(pins)
    return len(rest.commits)


def _leap(
    pins: Pins, keeper: Keeper, standing: Standing, times: Times, noted: Noted, reason: str, base: Base
) -> int | None:
    """Go on with a jump, and note what it brings; None where the image turned out to be worth nothing."""
    if keeper.shadow.state is None or keeper.state.torn:
        tail = keeper.log.tail()
        if tail is None or rebuilding.bring(keeper, tail, base):
            noted(reason)
            return None
    pages = keeper.jump(pins, standing, times)
    differs = count_text(pages, "page differs", "pages differ") if pages else "nothing differs"
    noted(f"{reason}; {differs} from what was kept")
    return 0
