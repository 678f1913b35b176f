"""Keeps what a follower found: first in the log, synced, then in the image the next commits are packed on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from backups.vault.shelf import explained
from backups.wal.clock import Clock
from backups.wal.frames import Discontinuity, Written
from backups.wal.log import Log, Tail
from backups.wal.packing import Packer, gathered
from backups.wal.pins import Pins
from backups.wal.position import Standing
from backups.wal.records import Entry, Kind, Record
from backups.wal.shadow import Pages, Shadow, State, loosened
from backups.wal.writing import Writer
from smsops.errors import OpsError

Times = tuple[int, int]  # since when it was not looked, and now; ms since 1970


class Keeper:
    """The log of one environment and the image that goes with its end."""

    def __init__(self, folder: Path, log: Log, clock: Clock) -> None:
        self.folder, self.log, self.clock, self.shadow = folder, log, clock, Shadow(folder)
        self._writer: Writer | None = None

    @property
    def state(self) -> State:
        """What is kept. Raises Discontinuity where nothing is."""
        return self.shadow.known

    @property
    def writer(self) -> Writer:
        if self._writer is None:
            raise Discontinuity("there was no log to write")
        return self._writer

    def keep(self, commits: Sequence[Written], kind: Kind, pages: Pages, times: Times) -> None:
        """Keep commits that follow on what is kept. Raises OpsError where they could not be."""
        self.ship(commits, kind, pages, times)
        self.apply(commits, pages)

    def ship(self, commits: Sequence[Written], kind: Kind, pages: Pages, times: Times) -> None:
        """Write them into the log; they are kept when this returns."""
        since, now = times
        entries = Packer(self.shadow, pages, self.state.page_size).entries(commits, kind, now)
        for record in gathered(self.state.position, since, self.clock.setback, entries):
            self.writer.append(record)
        self.writer.sync()

    def apply(self, commits: Sequence[Written], pages: Pages) -> None:
        """Bring the image to behind them. Where that fails it is let go of: it may be half-way."""
        try:
            with explained(self.folder):
                self.shadow.apply(commits, pages)
        except OpsError:
            self.shadow.close()
            raise

    def go_on(self, tail: Tail) -> None:
        """Go on writing where the log ends."""
        self._writer = self.log.writer(tail.generation, self.state.page_size, tail.last)

    def jump(self, pins: Pins, standing: Standing, times: Times) -> int:
        """Keep what differs between the last state kept and the database as it is held, as one; how many pages do."""
        state, coming = self.state, self.snapshot(pins)
        pages = {number: number for number in self.shadow.differing(coming)}
        handle = os.open(coming, os.O_RDONLY)
        try:
            count, page_size = os.fstat(handle).st_size // state.page_size, state.page_size
            jump = Written(standing.position, count, pages)
            self.ship([jump], Kind.JUMP, lambda page: os.pread(handle, page_size, (page - 1) * page_size), times)
        finally:
            os.close(handle)
        loose = loosened(state.loose, state.size, jump)
        self._take(coming, State(state.generation, jump.position, page_size, count, pins.identity, loose))
        return len(pages)

    def begin(self, pins: Pins, standing: Standing, times: Times) -> None:
        """Begin a generation with the database as it is held."""
        coming = self.snapshot(pins)
        generation, page_size = self.log.new_generation(), pins.page_size
        size, now = coming.stat().st_size // page_size, times[1]
        self._writer = self.log.writer(generation, page_size)
        begun = Entry(Kind.BEGUN, standing.position, now, size)
        self._writer.append(Record(standing.position, size, now, [begun], self.clock.setback))
        self._writer.sync()
        self._take(coming, State(generation, standing.position, page_size, size, pins.identity))

    def prove(self, pins: Pins) -> None:
        """Raise Discontinuity unless the image is the database, page by page, where it is held."""
        coming, state = self.snapshot(pins), self.state
        same = coming.stat().st_size == state.size * state.page_size
        if not same or any(page not in state.loose for page in self.shadow.differing(coming)):
            self.shadow.forget()
            raise Discontinuity("its own image of the database was not the database")
        coming.unlink()

    def snapshot(self, pins: Pins) -> Path:
        coming = self.folder / "coming.db"
        pins.snapshot(coming)
        return coming

    def _take(self, coming: Path, state: State) -> None:
        with explained(self.folder):
            self.shadow.take(coming, state)

    def close(self) -> None:
        """Close the file of the log, which then never changes again."""
        if self._writer is not None:
            self._writer.close()

    def let_go(self) -> None:
        """Leave everything as it is, as if killed."""
        self.shadow.close()
        if self._writer is not None:
            self._writer.leave()
        self._writer = None
