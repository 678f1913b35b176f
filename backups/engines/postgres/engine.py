"""PostgreSQL: a consistent dump by pg_dump, described by what is in it.

A copy (what `snapshot` writes) is a dump of pg_dump's custom format, not compressed: the vault compresses what is new
in it, a compressed dump has nothing in common with the one before (research/backups.md §4).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from psycopg import IsolationLevel, sql

from backups.engines.base import Facts
from backups.engines.postgres import connection as connections
from backups.engines.postgres import dumps, programs
from backups.engines.postgres.connection import Connection, connect
from backups.errors import BackupDamaged
from backups.vault import slots
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError

SECONDS = 1800.0
CHECK_NAME = "Check the name in the environment's database address."


@dataclass(frozen=True)
class PostgresEngine:
    """The engine for one database of a PostgreSQL server."""

    url: DatabaseUrl

    def snapshot(self, target: Path) -> None:
        """Dump the live database to the new file `target`, consistently, without holding up its writers.

        Raises OpsError when the server, the password, the database or the disk fails, when pg_dump does not fit the
        server, and when the dump does not have exactly the rows the database had at that moment.
        """
        part = target.with_name(f"{target.name}.part")
        part.unlink(missing_ok=True)
        try:
            with connect(self.url, autocommit=False) as connection:
                connection.isolation_level = IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                wanted = self._dump(connection, part)
            if not wanted:
                raise OpsError(f"{self.url} has no tables; there is nothing to back up.", fix=CHECK_NAME)
            found = dumps.contents(part).row_counts
            if found != wanted:
                raise OpsError(f"pg_dump left out rows: {_difference(wanted, found)}.")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def _dump(self, connection: Connection, target: Path) -> dict[str, int]:
        """Dump what this transaction sees; return how many rows that is, per table."""
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        program = programs.fitting("pg_dump", connections.major(connection))
        counts = connections.row_counts(connection)
        argv = [str(program), "--format=custom", "--compress=0", "--no-sync", "--no-password", f"--file={target}"]
        argv += [f"--snapshot={row[0] if row else ''}", f"--lock-wait-timeout={connections.LOCK_WAIT}"]
        programs.run(argv, self.url, timeout=SECONDS, folder=target.parent)
        return counts

    def size(self) -> int:
        """Bytes the live database has on its server; a dump, without the indexes, has fewer."""
        with connect(self.url) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            return int(row[0]) if row else 0

    def lay_out(self, dump: Path, before: Path | None) -> Path:
        """The dump as the vault keeps it, beside it, as like the one `before` as can be."""
        target = dump.with_name(f"{dump.name}.slots")
        slots.lay_out(dump, target, before)
        return target

    def block(self, layout: Path) -> int:
        """The size in bytes of the parts in which a layout changes."""
        return slots.BLOCK

    def facts(self, layout: Path) -> Facts:
        """Unfold a layout again, read the dump in it to its end, and describe it."""
        size = layout.stat().st_size
        try:
            with tempfile.TemporaryDirectory(dir=layout.parent) as folder:
                dump = Path(folder) / "dump"
                slots.unfold(layout, dump)
                found = dumps.contents(dump)
            return Facts(size, 0, 0, found.revision, found.row_counts, "" if found.row_counts else "it has no tables")
        except BackupDamaged as error:
            return Facts(size, 0, 0, "", {}, error.message)

    def row_counts(self) -> dict[str, int]:
        """Rows per table of the live database."""
        with connect(self.url) as connection:
            return connections.row_counts(connection)

    def filled(self, table: str, column: str) -> int:
        """How many rows of the live database have something in that column; 0 where there is none."""
        with connect(self.url) as connection:
            known = connections.tables(connection).get(table)
            if known is None:
                return 0
            listed = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(known)).description or []
            if column not in [each.name for each in listed]:
                return 0
            query = sql.SQL("SELECT count({}) FROM {}").format(sql.Identifier(column), known)
            row = connection.execute(query).fetchone()
            return int(row[0]) if row else 0

    def revision(self) -> str:
        """The live database's schema revision."""
        with connect(self.url) as connection:
            return connections.revision(connection)


def _difference(wanted: dict[str, int], found: dict[str, int]) -> str:
    """The first table that differs, in words."""
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            return f"{name} has {wanted.get(name, 0):,}, the dump {found.get(name, 0):,}"
    return "none"
