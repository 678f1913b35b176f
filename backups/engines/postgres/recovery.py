"""Recovery to a moment: a scratch server from a base backup and the log, which only this machine's owner reaches.

It listens on a socket in its own folder alone, runs nothing of the live server's settings, and goes away at the end.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backups.engines.postgres import base_backup, programs
from backups.engines.postgres.archive import Archive
from backups.engines.postgres.bases import Base
from backups.engines.postgres.connection import connect
from backups.engines.postgres.engine import PostgresEngine
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError

START_SECONDS = 3600.0
SERVER_USER = "postgres"  # a server refuses to run as root
PORT = 5432  # of the socket's name; nothing listens on the network


@dataclass(frozen=True)
class Recovered:
    """A dump of one database as it was: `at` is the moment of its last change (None: none since the base backup)."""

    dump: Path
    at: datetime | None
    row_counts: dict[str, int]
    base: str


def recover(archive: Archive, url: DatabaseUrl, until: datetime | None, scratch: Path, dump: Path) -> Recovered:
    """Dump the database as it was at `until` (with time zone; None: as new as can be) to the file `dump`.

    `scratch` is a folder of its own, with room for the whole server; it is removed. Raises BackupDamaged when there is
    no base backup from before that moment, and OpsError when the log ends before it.
    """
    base = archive.base_for(until)
    with server(archive, base, url, until, scratch) as beside, connect(beside) as connection:
        row = connection.execute("SELECT pg_last_xact_replay_timestamp()").fetchone()
        engine = PostgresEngine(beside)
        engine.snapshot(dump)
        return Recovered(dump, row[0] if row else None, engine.row_counts(), base.name)


@contextlib.contextmanager
def server(
    archive: Archive, base: Base, url: DatabaseUrl, until: datetime | None, scratch: Path
) -> Iterator[DatabaseUrl]:
    """A scratch server, recovered to that moment; the address of the database on it."""
    remove(scratch)
    try:
        program = programs.fitting("postgres", base.major, exact=True)
        base_backup.unpack(archive, base, scratch / "data")
        for name in ("log", "socket"):
            (scratch / name).mkdir(mode=0o700)
        problem = archive.put_out(base, scratch / "log").problem
        _configure(scratch, until)
        _give_away(scratch)
        with _started(program, scratch) as running:
            _wait_until_recovered(running, scratch, problem, until)
            yield DatabaseUrl(str(scratch / "socket"), PORT, url.name, url.user, "", "disable")
    finally:
        remove(scratch)


def _configure(scratch: Path, until: datetime | None) -> None:
    """Settings of our own; those of the live server could archive, listen or load what is not here."""
    data, socket, log = scratch / "data", scratch / "socket", scratch / "log"
    lines = [
        "listen_addresses = ''",
        f"port = {PORT}",
        f"unix_socket_directories = '{socket}'",
        f'restore_command = \'cp "{log}/%f" "%p"\'',
        "recovery_target_timeline = 'current'",
        "recovery_target_action = 'promote'",
        "hot_standby = off",
        "max_prepared_transactions = 100",
        "fsync = off",
        "full_page_writes = off",
        "autovacuum = off",
        "max_connections = 20",
        "lc_messages = 'C'",
    ]
    if until is not None:
        lines.append(f"recovery_target_time = '{until.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'")
    (data / "postgresql.conf").write_text("\n".join(lines) + "\n")
    (data / "postgresql.auto.conf").write_text("")
    (data / "pg_hba.conf").write_text("local all all trust\n")
    (data / "pg_ident.conf").write_text("")
    (data / "recovery.signal").touch()
    (data / "postmaster.pid").unlink(missing_ok=True)


def _owner() -> str | None:
    """Whom the server runs as; None: as we do."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_USER).pw_name
    except KeyError:
        raise OpsError(f"A server does not run as root, and there is no user {SERVER_USER} here.") from None


def _give_away(scratch: Path) -> None:
    owner = _owner()
    if owner is None:
        return
    entry = pwd.getpwnam(owner)
    for path in (scratch, *scratch.rglob("*")):
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


@contextlib.contextmanager
def _started(program: Path, scratch: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The server's process, which ends with the body."""
    owner = _owner()
    with (scratch / "server.log").open("wb") as log:
        running = subprocess.Popen(
            [str(program), "-D", str(scratch / "data")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            user=owner,
            group=owner,
            start_new_session=True,
        )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGQUIT)  # at once: nothing in it is worth keeping
        running.wait()


def _wait_until_recovered(
    running: subprocess.Popen[bytes], scratch: Path, problem: str, until: datetime | None
) -> None:
    said = scratch / "server.log"
    deadline = time.monotonic() + START_SECONDS
    status = scratch / "data" / "postmaster.pid"
    while not (status.exists() and "ready" in status.read_text()):
        if running.poll() is not None:
            raise _why(said.read_text(errors="replace"), problem, until)
        if time.monotonic() > deadline:
            raise OpsError(f"The scratch server was not ready after {START_SECONDS:.0f} s.")
        time.sleep(0.05)


def _why(said: str, problem: str, until: datetime | None) -> OpsError:
    """Why the server did not get there."""
    if "recovery ended before configured recovery target was reached" in said and until is not None:
        last = [line.rpartition("last completed transaction was at log time ")[2] for line in said.splitlines()
                if "last completed transaction" in line]  # fmt: skip
        until_text = f"{until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        known = f"; its last change is of {last[-1]}" if last else ""
        return OpsError(f"The log ends before {until_text}{known}. {problem}".strip(), fix="Choose an earlier moment.")
    telling = [line for line in said.splitlines() if "FATAL" in line or "PANIC" in line]
    return OpsError(f"The scratch server did not start: {telling[-1].rpartition('  ')[2] if telling else said[-200:]}.")


def remove(scratch: Path) -> None:
    """End the server in this folder, whoever started it, and remove the folder; a missing one is fine."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        number = int((scratch / "data" / "postmaster.pid").read_text().splitlines()[0])
        if str(scratch / "data").encode() in Path(f"/proc/{number}/cmdline").read_bytes():
            os.kill(number, signal.SIGQUIT)
            _wait_until_gone(number)
    shutil.rmtree(scratch, ignore_errors=True)


def _wait_until_gone(number: int) -> None:
    """Wait for another worker's process; a corpse nobody has buried yet has no command line."""
    line, deadline = Path(f"/proc/{number}/cmdline"), time.monotonic() + 10
    with contextlib.suppress(OSError):
        while line.read_bytes() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(number, signal.SIGKILL)
