"""Recovery to a moment: a scratch server from a base backup and the log, which only this machine's owner reaches.

It listens on a socket in its own folder alone, runs nothing of the live server's settings, and goes away at the end.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backups.engines.postgres import base_backup, programs
from backups.engines.postgres.archive import Archive
from backups.engines.postgres.bases import Base
from backups.engines.postgres.connection import connect, maintenance
from backups.engines.postgres.engine import PostgresEngine
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError
from smsops.text import bytes_text

START_SECONDS = 3600.0
SERVER_USER = "postgres"  # a server refuses to run as root
PORT = 5432  # of the socket's name; nothing listens on the network
SOCKET = "s"  # its folder
LONGEST_SOCKET = 107  # bytes of its whole name


@dataclass(frozen=True)
class Recovered:
    """A dump of one database as it was: `at` is the moment of its last change (None: none since the base backup)."""

    dump: Path
    at: datetime | None
    row_counts: dict[str, int]
    base: str
    revision: str = ""


class LogEnds(OpsError):
    """Nothing in the log is later than the moment that was asked for."""


def recover(
    archive: Archive,
    url: DatabaseUrl,
    until: datetime | None,
    scratch: Path,
    dump: Path,
    *,
    base: Base | None = None,
    short: bool = False,
) -> Recovered:
    """Dump the database as it was at `until` (with time zone; None: as new as can be) to the file `dump`.

    `scratch` is a folder of its own, with room for the whole server; it is removed. Raises BackupDamaged when there is
    no base backup from before that moment, and OpsError when the log ends before it, unless `short` says that all there
    is will do then.
    """
    base = base or archive.base_for(until)
    with server(archive, base, url, until, scratch, short=short) as beside:
        _check_existed(beside, until)
        with connect(beside) as connection:
            row = connection.execute("SELECT pg_last_xact_replay_timestamp()").fetchone()
        engine = PostgresEngine(beside)
        engine.snapshot(dump)
        return Recovered(dump, row[0] if row else None, engine.row_counts(), base.name, engine.revision())


def _check_existed(beside: DatabaseUrl, until: datetime | None) -> None:
    """Raise OpsError where there was no database of that name at that moment."""
    with maintenance(beside) as connection:
        here = connection.execute("SELECT FROM pg_database WHERE datname = %s", [beside.name]).fetchone()
    if here is None:
        moment = f"At {_text(until)}" if until else "In the end"
        raise OpsError(f"{moment} the server had no database {beside.name}.", fix="Choose another moment.")


@contextlib.contextmanager
def server(
    archive: Archive, base: Base, url: DatabaseUrl, until: datetime | None, scratch: Path, *, short: bool = False
) -> Iterator[DatabaseUrl]:
    """A scratch server, recovered to that moment; the address of the database on it."""
    remove(scratch)
    try:
        program = check(scratch, base.major)
        _check_room(scratch, base)
        scratch.mkdir(mode=0o700, parents=True)
        base_backup.unpack(archive, base, scratch / "data")
        for name in ("log", SOCKET):
            (scratch / name).mkdir(mode=0o700)
        problem = archive.put_out(base, scratch / "log").problem
        _configure(scratch, until)
        _give_away(scratch)
        running = _recovered(program, scratch, problem, until, short)
        try:
            yield DatabaseUrl(str(scratch / SOCKET), PORT, url.name, url.user, "", "disable")
        finally:
            _end(running)
    finally:
        remove(scratch)


def check(scratch: Path, major: int) -> Path:
    """The program a server is recovered with in that folder; OpsError where none could be."""
    program = programs.fitting("postgres", major, exact=True)
    if len(f"{scratch}/{SOCKET}/.s.PGSQL.{PORT}") > LONGEST_SOCKET:
        fix = "Give smsops a work folder with a shorter name."
        raise OpsError(f"The folder {scratch} has too long a name for a socket.", fix=fix)
    closed = [each for each in scratch.parents if each.is_dir() and not each.stat().st_mode & stat.S_IXOTH]
    if closed and _owner() is not None:
        said = f"A recovered server runs as {SERVER_USER}, to whom the folder {closed[-1]} is closed."
        raise OpsError(said, fix=f"Open the way (chmod o+x {closed[-1]}), or run the worker as another user than root.")
    return program


def _check_room(scratch: Path, base: Base) -> None:
    above = next(each for each in scratch.parents if each.is_dir())
    free = shutil.disk_usage(above).free
    if free < base.plain * 1.2:
        raise OpsError(f"{above} has {bytes_text(free)} left; the recovered server takes {bytes_text(base.plain)}.")


def _recovered(
    program: Path, scratch: Path, problem: str, until: datetime | None, short: bool
) -> subprocess.Popen[bytes]:
    """The server's process, once it is where it should be."""
    try:
        return _ready(program, scratch, problem, until)
    except LogEnds:
        if not short or problem:
            raise
    _configure(scratch, None)  # the files are the same: still nothing in them is later than `until`
    return _ready(program, scratch, problem, None)


def _ready(program: Path, scratch: Path, problem: str, until: datetime | None) -> subprocess.Popen[bytes]:
    running = _start(program, scratch)
    try:
        _wait_until_recovered(running, scratch, problem, until)
    except BaseException:
        _end(running)
        raise
    return running


def _configure(scratch: Path, until: datetime | None) -> None:
    """Settings of our own; those of the live server could archive, listen or load what is not here."""
    data, socket, log = scratch / "data", scratch / SOCKET, scratch / "log"
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


def _start(program: Path, scratch: Path) -> subprocess.Popen[bytes]:
    owner = _owner()
    with (scratch / "server.log").open("wb") as log:
        return subprocess.Popen(
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


def _end(running: subprocess.Popen[bytes]) -> None:
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
        known = f"; its last change is of {last[-1]}" if last else ""
        return LogEnds(f"The log ends before {_text(until)}{known}. {problem}".strip(), fix="Choose an earlier moment.")
    telling = [line for line in said.splitlines() if "FATAL" in line or "PANIC" in line]
    return OpsError(f"The scratch server did not start: {telling[-1].rpartition('  ')[2] if telling else said[-200:]}.")


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


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
