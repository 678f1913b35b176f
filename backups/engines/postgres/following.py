"""Follows the log of a server: sees to it that it is received, knows how far, and begins a new line after a hole."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from backups.engines.postgres import beats, holding, notes, unproven
from backups.engines.postgres.beats import Beat, Server
from backups.engines.postgres.connection import Connection, maintenance
from backups.engines.postgres.lines import Line, Lines
from backups.engines.postgres.notes import Known
from backups.engines.postgres.receiving import Hole, Receiver
from backups.vault.shelf import turn
from backups.wal.following import Status
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError

PAUSE = 1.0  # seconds between two looks; each leaves a mark
PATIENCE = 1.0  # seconds after something went wrong
AT_ONCE = 2  # segments sealed between two looks, so that none of them comes late


class LogFollower:
    """Follows the log of one server into `lines`, from this process alone. It holds none of the databases there: they
    may be renamed and dropped meanwhile. The receiver is a process of its own, which goes on when this one is killed.
    """

    def __init__(self, url: DatabaseUrl, lines: Lines) -> None:
        self.url, self.lines = url, lines
        self.line: Line | None = None
        self.before: Known | None = None  # what was known when the line was taken up
        self.last: Beat | None = None
        self.hole = ""  # why the present line cannot be gone on with
        self.gap, self.gap_at, self.kept_at, self.looked_at = "", 0, 0, 0

    def follow(
        self, stop: Callable[[], bool], tell: Callable[[Status], None], wait: Callable[[float], None] = time.sleep
    ) -> None:
        """Follow until `stop` says so, and tell after every look how it stands; then end the receiver.

        What goes wrong is told as a problem, and tried again a little later.
        """
        while not stop():
            try:
                with self._alone(), maintenance(self.url) as connection:
                    self._take_up(connection)
                    held = holding.hold(connection, Receiver(self.url, self._line.archive).slot)
                    while not stop():
                        tell(self._look(connection))
                        if held and self.before is not None:
                            holding.move(connection, held, self.before.end)
                        wait(PAUSE)
            except Hole as hole:
                self.hole = str(hole)
            except OpsError as error:
                tell(self._status(0.0, str(error)))
                wait(PATIENCE)
        self.stop()

    def stop(self) -> None:
        """End the receiver; with a slot, the server keeps what is written until it is back."""
        if self.line is not None:
            Receiver(self.url, self.line.archive).stop()

    def give_up(self) -> None:
        """It is not to be followed any more: nothing runs, and the server keeps nothing for it."""
        for line in self.lines.all():
            Receiver(self.url, line.archive).stop()
            Receiver(self.url, line.archive).drop_slot()

    def _take_up(self, connection: Connection) -> None:
        """Go on with the newest line, where it can be; begin a new one where not."""
        server = beats.identify(connection)
        line = self.lines.newest()
        why = "" if line is None else self.hole or _another(line, server)
        if why:
            self.gap, self.gap_at = why, int(time.time() * 1000)
        self.line = self.lines.begin(server) if line is None or why else line
        self.hole, self.last, self.before = "", None, self.line.known
        if Receiver(self.url, self.line.archive).pid() is None:
            unproven.set_aside(self.line.archive)
        for older in self.lines.all()[:-1]:
            if any(older.archive.log.iterdir()):
                self._finish(older)

    def _finish(self, line: Line) -> None:
        """Nothing comes to this line any more."""
        receiver = Receiver(self.url, line.archive)
        receiver.stop()
        receiver.drop_slot()
        unproven.bring_back(line.archive)
        line.archive.finish()

    def _look(self, connection: Connection) -> Status:
        """Leave a mark, wait until it is here, and note that everything before it is."""
        line, began = self._line, time.monotonic()
        receiver = Receiver(self.url, line.archive)
        receiver.start()
        beat = beats.send(connection)
        self._wait_for(receiver, line, beat, began)
        if self.last is None and self.before is not None:
            self._prove(line, self.before)
        unproven.proven(line.archive)
        lag = time.monotonic() - began
        self._note(line, beat)
        line.archive.take_in(AT_ONCE)
        return self._status(lag)

    def _wait_for(self, receiver: Receiver, line: Line, beat: Beat, began: float) -> None:
        while not beats.kept(line.archive, line.timeline, beat.end, beat.text):
            if (problem := receiver.problem()) is not None:
                raise problem
            if time.monotonic() - began > beats.PATIENCE:
                receiver.stop()
                said = f"Nothing was received for {beats.PATIENCE:g} s; the receiver is started again."
                raise OpsError(said, transient=True)
            time.sleep(beats.LOOK)

    @staticmethod
    def _prove(line: Line, before: Known) -> None:
        """What the server sent again, from where the unfinished segment begins, holds the last mark of before. Raises
        Hole where it does not: files of the server were put back, and it has written another history since."""
        if not beats.kept(line.archive, line.timeline, before.end, before.text):
            raise Hole("The server's log is another one than was fetched: its files were put back.")

    def _note(self, line: Line, beat: Beat) -> None:
        """The mark before this one is committed in what is here, so every moment up to it can be chosen."""
        sent = int(beat.sent.timestamp() * 1000)
        self.looked_at = sent
        if self.last is not None:
            if beat.number - self.last.number > 1:  # somebody else has changed something
                self.kept_at = sent
            clock = max(self.before.clock if self.before else 0, _ms(beat.ahead.total_seconds()))
            known = Known(_ms(self.last.at.timestamp()), clock, beat.end, beat.text)
            notes.note(line.folder, known, beats.segment_of(line.timeline, beat.end))
            self.before = known
        self.last = beat

    def _status(self, lag: float, problem: str = "") -> Status:
        name = self.line.name if self.line is not None else ""
        place = str(self.before.end) if self.before is not None else ""
        return Status(name, place, self.kept_at, self.looked_at, lag, 0, 0, self.gap, self.gap_at, problem)

    @property
    def _line(self) -> Line:
        if self.line is None:
            raise OpsError("The log was not taken up.")
        return self.line

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One follower per folder; the lock goes with the process."""
        with turn(self.lines.folder, "lock") as mine:
            if not mine:
                raise OpsError(f"Another process follows the log of {self.url.server} already.", transient=True)
            yield


def _another(line: Line, server: Server) -> str:
    """Why a line cannot go on with this server; empty where it can."""
    if line.system != server.system:
        return "another server answers at this address"
    if line.timeline != server.timeline:
        return f"the server went from timeline {line.timeline} to {server.timeline}: it was restored or promoted"
    if line.known is not None and server.end < line.known.end:
        return "the server's log ends before what was kept: its files were put back"
    return ""


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
