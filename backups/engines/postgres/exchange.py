"""A restored database beside the live one, and the exchange of the two by their names.

Names are the commit point: both are renamed in one transaction, and the server refuses a name that is taken or gone, so
a worker that was overtaken changes nothing. Run 7 may leave `sms_smsops_7_part` (being filled), `…_new` (proven),
`…_old` (what was live before), `…_hold` (a copy held by a deploy), `…_back` (a copy whose schema goes back) and
`…_gone` (what an undo took away); nothing else is ever renamed or dropped.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from psycopg import sql

from backups.engines.postgres import connection as connections
from backups.engines.postgres import dumps, likeness, programs
from backups.engines.postgres.connection import MAINTENANCE, Connection, connect, maintenance
from backups.engines.postgres.names import Names
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError

SECONDS = 3600.0
JOBS = 2
TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = ANY(%s) AND pid <> pg_backend_pid() AND pg_has_role(usesysid, 'USAGE')
"""
MAY_COPY = """
    SELECT rolsuper OR (rolcreatedb AND pg_has_role(datdba, 'USAGE')) FROM pg_roles, pg_database
    WHERE rolname = current_user AND datname = %s
"""


class Exchange:
    """What one run does with the databases of one server. Every method may be called again after a kill."""

    def __init__(self, url: DatabaseUrl, run: int) -> None:
        self.url, self.names = url, Names(url.name, run)

    def exists(self, name: str) -> bool:
        """Whether there is a database of that name."""
        with maintenance(self.url) as connection:
            return name in _here(connection, [name])

    def fill(self, dump: Path) -> dict[str, int]:
        """Restore the dump into a new database, made like the live one, and return its rows per table.

        It is called `part` until `prove` renames it. Raises OpsError when anything at all goes wrong in it.
        """
        dumps.check_is_dump(dump)
        with maintenance(self.url) as connection:
            self._drop(connection, self.names.part)
            program = programs.fitting("pg_restore", connections.major(connection))
            likeness.create(connection, self.names.part, self.names.live)
            argv = [str(program), "--exit-on-error", f"--jobs={JOBS}", "--no-password", f"--dbname={self.names.part}"]
            # Another user than an administrator cannot give things to their owners; then all is this user's.
            argv += [] if likeness.is_superuser(connection) else ["--no-owner"]
        programs.run([*argv, str(dump)], self.url, timeout=SECONDS)
        with connect(self.url.called(self.names.part)) as connection:
            connection.execute("ANALYZE")  # or the first hour after a restore is a slow one
            return connections.row_counts(connection)

    def prove(self, name: str = "") -> None:
        """Call the filled database, or that of another `name`, `new`: from now on it may take the live one's place."""
        with maintenance(self.url) as connection:
            self._drop(connection, self.names.new)
            self._rename(connection, (name or self.names.part, self.names.new))

    def swap(self) -> None:
        """Let `new` be live and the live one `old`, in one transaction: the commit point. Sessions are ended."""
        with maintenance(self.url) as connection:
            live = _here(connection, [self.names.live])
            pairs = [(self.names.live, self.names.old)] if live else []
            self._rename(connection, *pairs, (self.names.new, self.names.live))

    def refuse_to_copy(self) -> None:
        """Raise OpsError where this user may not copy the live database: its owner may, who makes databases."""
        with maintenance(self.url) as connection:
            row = connection.execute(MAY_COPY, [self.names.live]).fetchone()
        if row is None or not row[0]:
            who, name = self.url.user, self.names.live
            raise OpsError(
                f"The user {who} may not copy {name} on {self.url.server}.",
                fix=f"As the server's administrator: ALTER ROLE {who} CREATEDB; ALTER DATABASE {name} OWNER TO {who}.",
            )

    def copy(self, name: str) -> None:
        """Copy the live database, file by file on the server, to `hold` or `back`; its sessions are ended."""
        with maintenance(self.url) as connection:
            self._drop(connection, self.names.part)
            self._drop(connection, name)  # now: a worker that was overtaken later finds its name taken
            with _put_out(self.url, [self.names.live]):
                likeness.create(connection, self.names.part, self.names.live, template=self.names.live)
            self._rename(connection, (self.names.part, name))

    def put_back(self, name: str) -> None:
        """Let `old` or `hold` be live again, in one transaction, and drop what was live."""
        with maintenance(self.url) as connection:
            live = _here(connection, [self.names.live])
            pairs = [(self.names.live, self.names.gone)] if live else []
            self._drop(connection, self.names.gone)
            # Not `new`: a worker that was overtaken before its own swap must find nothing to exchange.
            self._rename(connection, *pairs, (name, self.names.live))
            self._drop(connection, self.names.gone)

    def by_hand(self, name: str) -> list[str]:
        """How a person lets `old` or `hold` be live again."""
        at = f"psql -h {self.url.host} -p {self.url.port} -U {self.url.user} {MAINTENANCE[0]}"
        rename = 'ALTER DATABASE "{}" RENAME TO "{}"'
        pairs = ((self.names.live, self.names.gone), (name, self.names.live))
        return [f"{at} -c '{rename.format(*pair)}'" for pair in pairs]

    def drop(self, *names: str) -> None:
        """Drop databases of this run; a missing one is fine."""
        with maintenance(self.url) as connection:
            for name in names:
                self._drop(connection, name)

    def close_sessions(self) -> int:
        """End whoever still uses the live database; returns how many that were."""
        with maintenance(self.url) as connection:
            return len(connection.execute(TERMINATE, [[self.names.live]]).fetchall())

    def _drop(self, connection: Connection, name: str) -> None:
        if name == self.names.live:
            raise OpsError("The live database is never dropped.")
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _rename(self, connection: Connection, *pairs: tuple[str, str]) -> None:
        """Rename databases, all of them or none, while others are kept out and put out of them.

        The server locks a database that is being renamed: who wants to connect waits, and finds the new one.
        """
        with _put_out(self.url, [name for name, _ in pairs]), connection.transaction():
            for name, to in pairs:
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                connection.execute(rename.format(sql.Identifier(name), sql.Identifier(to)))


def _here(connection: Connection, names: list[str]) -> set[str]:
    found = connection.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [names])
    return {row[0] for row in found}


@contextlib.contextmanager
def _put_out(url: DatabaseUrl, names: list[str]) -> Iterator[None]:
    """End the sessions of these databases, again and again, as long as the body takes: a pool connects anew at once."""
    done = threading.Event()

    def work() -> None:
        with contextlib.suppress(OpsError), maintenance(url) as connection:
            while not done.wait(0.05):
                connection.execute(TERMINATE, [names])

    with maintenance(url) as connection:
        connection.execute(TERMINATE, [names])
    helper = threading.Thread(target=work, daemon=True)
    helper.start()
    try:
        yield
    finally:
        done.set()
        helper.join()
