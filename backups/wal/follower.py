"""Follows a live database: each look finds the commits since the last one, and they are kept before it goes on.

Whatever is not proven to follow on what was kept is a gap, and is noted as one. After a gap the log goes on with what
differs from the last state kept; where that is not known either, a new generation begins.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from backups.vault.shelf import explained, make_private
from backups.wal import position as positions
from backups.wal import rebuilding, resuming, rotation
from backups.wal.clock import Clock
from backups.wal.frames import WORD, Discontinuity, Position, Wal, Written
from backups.wal.keeping import Keeper
from backups.wal.log import Log
from backups.wal.pins import Pins
from backups.wal.position import Standing
from backups.wal.rebuilding import Base
from backups.wal.records import Kind
from smsops.errors import OpsError

MOST_LOG = 256 * 1024 * 1024  # bytes SMS's log may grow to because of us while nothing can be kept


class Follower:
    """Follows `database` from this process alone; `folder` is its own, on a local disk with room for two copies of it.

    Nothing else in this process may open the database's files: closing them would drop SQLite's locks. `base` unpacks
    a backup where the image of the database has to be built anew.
    """

    def __init__(
        self, database: Path, folder: Path, log: Log, clock: Clock | None = None, base: Base = rebuilding.nothing
    ) -> None:
        self.database, self.folder, self.clock, self.base = database, folder, clock or Clock(), base
        self.pins, self.keeper = Pins(database), Keeper(folder, log, self.clock)
        self.lock: int | None = None
        self.tried: tuple[int, int] = (0, 0)  # the log that was last written back, and up to where
        self.gap = ""  # why the last gap came about; empty where there was none
        self.gap_at = 0  # ms
        self._doubt: tuple[str, int] | None = None  # the gap before one that may turn out to be none

    def poll(self) -> int:
        """Look at the database and keep what was committed since the last look; returns how many commits that were.

        Raises OpsError when the database cannot be followed, or the log cannot be written: what was not kept will be
        with a later look, for SQLite's log is held meanwhile.
        """
        try:
            with explained(self.database.parent):
                return self._look() if self.pins.held is not None else self._take_up()
        except Discontinuity as gap:
            self._lose(str(gap))
            return 0
        except OpsError:
            self._spare()
            raise
        except BaseException:
            self.let_go()
            raise

    def rest(self) -> None:
        """Keep what is left and let go of the database: nothing of it is open or locked afterwards. The next look takes
        it up again. Raises OpsError, having let go, when something could not be kept."""
        try:
            if self.pins.held is not None:
                self.poll()
            self.keeper.close()
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Let go of the database and leave everything as it is, as if killed."""
        self.pins.close()
        self.keeper.let_go()

    def close(self) -> None:
        """Rest, and end."""
        try:
            self.rest()
        finally:
            if self.lock is not None:
                os.close(self.lock)
            self.lock = None

    @property
    def position(self) -> Position | None:
        """What is kept reaches to here; None while the database is let go of."""
        state = self.keeper.shadow.state
        return state.position if state is not None else None

    @property
    def generation(self) -> str:
        state = self.keeper.shadow.state
        return state.generation if state is not None else ""

    @property
    def waiting(self) -> int:
        """How many pages of SMS's log are not kept yet; 0 where that is not known."""
        kept = self.position
        index = positions.descriptor(self.database.with_name(f"{self.database.name}-shm"))
        standing = positions.look(index) if index is not None else None
        if standing is None or kept is None:
            return 0
        return standing.position.frame - (kept.frame if standing.position.salts == kept.salts else 0)

    def _take_up(self) -> int:
        self._lock()
        doubt, self._doubt = self._doubt, None
        noted: list[str] = []
        try:
            kept = resuming.take_up(self.pins, self.keeper, noted.append, self.base)
        except OpsError:
            self.let_go()
            self._doubt = doubt
            raise
        if noted:
            self._noted(noted[-1])
        elif doubt is not None:  # all of it was there after all
            self.gap, self.gap_at = doubt
        return kept

    def _look(self) -> int:
        self.clock.mark()
        standing = self.pins.reach()
        kept = self._keep(standing)
        self.pins.move()
        self.clock.settle()
        with contextlib.suppress(OSError):
            self.keeper.shadow.seen(self.clock.seen)
        self.keeper.writer.tidy(self.clock.seen)
        self._rotate(standing.position.frame, quiet=not kept)
        return kept

    def _keep(self, standing: Standing) -> int:
        """Keep what lies between the last look and `standing`."""
        times, kept, wal = self.clock.look(), self.keeper.state.position, self._wal()
        if standing.position == kept:
            return 0
        after: Position | None = kept
        if standing.position.salts != kept.salts:
            # What was held leaves room for one new beginning, and SQLite counts them in the first salt.
            if kept.named and standing.position.salt1 != (kept.salt1 + 1) & WORD:
                raise Discontinuity("its log was begun anew more than once")
            if standing.position.frame < kept.frame and wal.checksum_at(kept.frame + 1, kept.salts) is not None:
                raise Discontinuity("its log went on before it was begun anew")
            after = None
        if after is None and not standing.position.frame:
            self.keeper.keep([Written(standing.position, self.keeper.state.size)], Kind.RENAMED, wal.page, times)
            return 0
        commits = wal.commits(after, standing.position)
        self.keeper.keep(commits, Kind.COMMIT, wal.page, times)
        return len(commits)

    def _rotate(self, frame: int, *, quiet: bool) -> None:
        """Let SMS's log be begun anew before it is long: in a pause or, where none comes, by keeping writers out."""
        if frame <= (rotation.PAGES if quiet else 2 * rotation.PAGES) or self._tried(frame):
            return
        if quiet:
            rotation.write_back(self.pins, self.keeper.state.position)
            return
        self.clock.mark()
        with explained(self.folder):
            rest = rotation.hold(self.pins, self.keeper.state.position, self.folder)
        if rest is None:
            return
        with rest.file:
            try:
                if rest.commits:
                    self.keeper.keep(rest.commits, Kind.COMMIT, rest.wal.page, self.clock.look())
                self.clock.settle()
            except OpsError:
                self._lose("what was read before its log was begun anew could not be kept")
                raise

    def _tried(self, frame: int) -> bool:
        """Whether that was tried a short while ago; notes that it is now."""
        log = self.keeper.state.position.salt1
        if self.tried[0] == log and frame < self.tried[1] + rotation.STEP:
            return True
        self.tried = (log, frame)
        return False

    def _lose(self, reason: str) -> None:
        """What comes now may not be known commit by commit: let go; the next look takes the database up anew."""
        self._doubt = self._doubt or (self.gap, self.gap_at)
        self._noted(reason)
        self.let_go()

    def _noted(self, reason: str) -> None:
        self.gap, self.gap_at = reason, self.clock.last

    def _spare(self) -> None:
        """Something could not be kept: SMS's log must not grow for ever because of that."""
        wal = self.pins.wal
        if self.keeper.shadow.state is None:
            self.let_go()  # the image is half-way: taken up again, it is brought to where the log is
        elif wal is not None and os.fstat(wal.handle).st_size > MOST_LOG:
            self._lose("nothing could be kept, and the log of SMS had grown too long")

    def _lock(self) -> None:
        """One follower per folder; the lock goes with the process."""
        if self.lock is not None:
            return
        with explained(self.folder):
            make_private(self.folder)
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            said = f"Another process follows {self.database.name} already."
            raise OpsError(said, transient=True) from None
        self.lock = handle

    def _wal(self) -> Wal:
        if self.pins.wal is None:
            raise Discontinuity("it was let go of")
        return self.pins.wal
