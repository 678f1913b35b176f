"""A private server in a folder of its own, for what must not burden or reach the live one.

A dump is restored there, to be read, or for an SMS to run on: the live server knows nothing of it, grants no right for
it and pays nothing. Only this machine reaches it, by a password of its own. SMS gets a user that is no administrator,
and as that user the dump is restored, so that nothing in it runs with more rights. What is there is not worth keeping:
the server syncs nothing, and ends at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from backups.engines.postgres import connection as connections
from backups.engines.postgres import dumps, ownership, programs, recovery
from backups.engines.postgres.connection import connect
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError

ADMIN, USER = "smsops", "sms"
HOST = "127.0.0.1"
START_SECONDS = 120.0
RESTORE_SECONDS = 3600.0
LINGER_SECONDS = 10.0
JOBS = 2
SETTINGS = f"""
listen_addresses = '{HOST}'
password_encryption = 'scram-sha-256'
max_connections = 60
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
lc_messages = 'C'
"""
ACCESS = f"host all all {HOST}/32 scram-sha-256\nlocal all all scram-sha-256\n"
LONGEST_SOCKET = 85


@dataclass(frozen=True)
class ScratchServer:
    """The server of one folder. Every method may be called again after a kill, by whichever worker."""

    folder: Path

    @property
    def home(self) -> Path:
        """Where it lives. A server does not run as root, and whom it then runs as cannot enter root's folders."""
        if os.geteuid() != 0:
            return self.folder
        mark = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"smsops-scratch-{mark}"

    @property
    def socket(self) -> Path:
        """The folder of its socket, by which it is reached from where no network leads here."""
        return self.home / "socket"

    @property
    def has_socket(self) -> bool:
        """A socket's path has at most 107 bytes; where that is too few, there is none."""
        return len(str(self.socket).encode()) < LONGEST_SOCKET

    @property
    def data(self) -> Path:
        return self.home / "data"

    def begin(self, dump: Path, name: str) -> dict[str, int]:
        """Make the server anew and restore the dump into its database `name`; return the rows per table. One that was
        there before is replaced at the same address, under the same passwords.

        Raises OpsError when this machine lacks the server's programs, and when anything at all goes wrong.
        """
        head = dumps.head(dump)
        notes = self._notes()
        self.end()
        self._make(programs.fitting("postgres", head.major), notes)
        self.ensure()
        admin = self.admin(name)
        with connect(admin.called("postgres")) as connection:
            password = sql.Literal(self._secret("user"))
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(USER), password))
            new = sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {} ENCODING 'UTF8'")
            connection.execute(new.format(sql.Identifier(name), sql.Identifier(USER)))
        with connect(admin) as connection:
            for extension in head.extensions:
                connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        program = programs.fitting("pg_restore", head.major)
        argv = [str(program), "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments", "--no-password"]
        programs.run([*argv, f"--jobs={JOBS}", f"--dbname={name}", str(dump)], self.url(name), timeout=RESTORE_SECONDS)
        with connect(admin) as connection:
            connection.execute("ANALYZE")
            return connections.row_counts(connection)

    def admin(self, name: str) -> DatabaseUrl:
        """The database, for one who may do anything."""
        return DatabaseUrl(HOST, self._port(), name, ADMIN, self._secret("admin"), "disable")

    def url(self, name: str) -> DatabaseUrl:
        """The database, for SMS."""
        return DatabaseUrl(HOST, self._port(), name, USER, self._secret("user"), "disable")

    def ensure(self) -> None:
        """Start it, unless it runs."""
        if self.process() is not None:
            return
        if not self.data.is_dir():
            raise OpsError("The scratch server is gone.", fix="Begin again.")
        argv = [self._noted("program"), "start", "--pgdata", str(self.data), "--log", str(self.home / "log")]
        argv += ["--options", f"-p {self._port()}", "--wait", "--timeout", f"{START_SECONDS:.0f}", "--silent"]
        null = subprocess.DEVNULL  # a pipe would stay open for as long as the server lives
        done = subprocess.run(argv, check=False, stdin=null, stdout=null, stderr=null, **ownership.of_process())
        if done.returncode:
            raise OpsError(f"The scratch server did not start: {self._last_words()}.")

    def stop(self) -> None:
        """Stop it, with everything in it written; it can be started again."""
        argv = [self._noted("program"), "stop", "--pgdata", str(self.data), "--mode", "fast", "--wait", "--silent"]
        done = subprocess.run(argv, check=False, capture_output=True, **ownership.of_process())
        if self.process() is not None:
            raise OpsError(f"The scratch server does not stop: {done.stderr.decode(errors='replace').strip()}.")

    def process(self) -> int | None:
        """The number of its process; None when it does not run."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            number = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            if str(self.data).encode() in Path(f"/proc/{number}/cmdline").read_bytes():
                return number
        return None

    def end(self) -> None:
        """End it and remove everything; a missing one is fine."""
        deadline = time.monotonic() + LINGER_SECONDS
        recovery.remove(self.home)
        while self.home.exists() and time.monotonic() < deadline:  # a killed worker's program may still write there
            time.sleep(0.05)
            recovery.remove(self.home)

    def _notes(self) -> dict[str, str]:
        """What is noted of it: port and passwords; new ones where there is none."""
        here = {name: self.home / name for name in ("port", "admin", "user")}
        if all(path.exists() and path.stat().st_size for path in here.values()):
            return {name: path.read_text() for name, path in here.items()}
        return {"port": str(_free_port()), "admin": secrets.token_urlsafe(24), "user": secrets.token_urlsafe(24)}

    def _make(self, program: Path, notes: dict[str, str]) -> None:
        self.home.mkdir(mode=0o700, parents=True)
        self.data.mkdir(mode=0o700)
        self.socket.mkdir(mode=0o755)
        for name, text in {**notes, "program": str(program.with_name("pg_ctl"))}.items():
            path = self.home / name
            path.touch(mode=0o600)
            path.write_text(text)
        ownership.give_away(self.home)
        argv = [str(program.with_name("initdb")), "-D", str(self.data), "-U", ADMIN, f"--pwfile={self.home / 'admin'}"]
        argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--data-checksums"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, **ownership.of_process())
        if done.returncode:
            raise OpsError(f"The scratch server cannot be made: {done.stderr.strip().splitlines()[-1:]}.")
        place = self.socket if self.has_socket else ""
        (self.data / "postgresql.conf").write_text(f"{SETTINGS}unix_socket_directories = '{place}'\n")
        (self.data / "pg_hba.conf").write_text(ACCESS)
        ownership.give_away(self.data / "postgresql.conf", self.data / "pg_hba.conf")

    def _secret(self, who: str) -> str:
        return self._noted(who)

    def _port(self) -> int:
        return int(self._noted("port"))

    def _noted(self, name: str) -> str:
        try:
            return (self.home / name).read_text()
        except OSError as error:
            raise OpsError("The scratch server is gone.", fix="Begin again.") from error

    def _last_words(self) -> str:
        lines = (self.home / "log").read_text(errors="replace").splitlines()
        telling = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines or ["it said nothing"]
        return telling[-1].rpartition("  ")[2].rstrip(".")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
