"""pg_receivewal: the server's log, streamed into the archive as it is written.

A replication slot keeps the server from throwing away log that was not fetched; while smsops is away for long, that
would fill the server's disk and stop SMS. So a slot is used only where the server itself bounds it, with
`max_slot_wal_keep_size`. Elsewhere the server keeps what `wal_keep_size` says (by
default nothing beyond its last checkpoint). A hole is noticed either way, and needs a new base backup.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from psycopg.errors import ObjectInUse

from backups.engines.postgres import connection as connections
from backups.engines.postgres import programs
from backups.engines.postgres.archive import Archive
from backups.engines.postgres.complaints import explain
from backups.engines.postgres.connection import maintenance
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError

OPTIONS = ("--no-loop", "--no-password", "--synchronous", "--status-interval=1")
SECONDS = 60.0
GRACE = 10.0
UNBOUNDED = "-1"
ADVICE = "On the server, ALTER SYSTEM SET max_slot_wal_keep_size = '2GB' lets it wait for smsops, within that bound."
HOLES = {  # what the server says when it cannot go on where the receiver was, and what that means
    "has already been removed": "The server has thrown away log that was not fetched yet: there is a hole.",
    "invalidated": "The server has thrown away log that was not fetched yet: there is a hole.",
    "is ahead of the WAL flush position": "The server's log ends before what was fetched: it was put back.",
    "is not in this server's history": "The server was put back, or another one was promoted, before what was fetched.",
}


class Hole(OpsError):
    """The log that was fetched cannot be gone on with; what comes now begins a line of its own."""


class Receiver:
    """The receiver of one server's log. It is a process of its own and outlives whoever started it."""

    def __init__(self, url: DatabaseUrl, archive: Archive) -> None:
        self.url, self.archive = url, archive
        self.mark, self.said = archive.folder / "receiver.pid", archive.folder / "receiver.log"

    def start(self) -> int:
        """Start it, unless it runs; return its process number. OpsError when the server cannot be reached."""
        running = self.pid()
        if running is not None:
            return running
        with maintenance(self.url) as connection:
            program = programs.fitting("pg_receivewal", connections.major(connection))
            row = connection.execute("SHOW max_slot_wal_keep_size").fetchone()
        argv = [str(program), self._directory.decode(), *OPTIONS]
        if row and row[0] != UNBOUNDED:
            slot = f"--slot={self.slot}"
            programs.run([*argv, slot, "--create-slot", "--if-not-exists"], self.url, timeout=SECONDS)
            argv.append(slot)
        number = self._spawn(argv)
        self.mark.write_text(str(number))
        return number

    def _spawn(self, argv: list[str]) -> int:
        """Start it in a session of its own, with nothing of ours but the way to the server."""
        env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.said), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        return os.posix_spawn(
            argv[0], argv, env | dict(programs.environment(self.url)), file_actions=streams, setsid=True
        )

    @property
    def slot(self) -> str:
        """The slot's name: of this archive alone."""
        return f"smsops_{hashlib.sha256(str(self.archive.folder).encode()).hexdigest()[:16]}"

    def pid(self) -> int | None:
        """Its process number; None when it does not run."""
        return self._marked() or self._unmarked()

    def _marked(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            number = int(self.mark.read_text())
            with contextlib.suppress(ChildProcessError):
                os.waitpid(number, os.WNOHANG)  # ours, where we started it: a corpse is not running
            line = Path(f"/proc/{number}/cmdline").read_bytes()
            if not line:  # a corpse nobody has buried, or one that was born just now
                return None if _is_corpse(number) else number
            return number if self._directory in line.split(b"\0") else None
        return None

    def _unmarked(self) -> int | None:
        """One whose starter was killed before it could write its number down."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if self._directory in path.read_bytes().split(b"\0"):
                    return int(path.parent.name)
        return None

    @property
    def _directory(self) -> bytes:
        return f"--directory={self.archive.log}".encode()

    def problem(self) -> OpsError | None:
        """Why it does not run; None while it does."""
        if self.pid() is not None:
            return None
        said = self.said.read_text(errors="replace") if self.said.exists() else ""
        for mark, sentence in HOLES.items():
            if mark in said:
                return Hole(sentence, fix=ADVICE)
        return explain(said, self.url, "pg_receivewal", self.archive.folder)

    def stop(self) -> None:
        """End it; what it has written is on the disk."""
        number = self.pid()
        if number is not None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(number, signal.SIGINT)
            _wait_until_gone(number, self.pid)
        self.mark.unlink(missing_ok=True)

    def drop_slot(self) -> None:
        """Let the server throw away log again; a missing slot is fine. The server may need a moment to notice that the
        receiver has ended."""
        query = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"
        deadline = time.monotonic() + GRACE
        with maintenance(self.url) as connection:
            while True:
                try:
                    connection.execute(query, [self.slot])
                    return
                except ObjectInUse:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)


def _is_corpse(number: int) -> bool:
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")


def _wait_until_gone(number: int, alive: Callable[[], int | None]) -> None:
    deadline = time.monotonic() + GRACE
    while alive() is not None:
        if time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.02)
