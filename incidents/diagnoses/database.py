"""How the database is: its schema, its integrity, who holds it."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings

from backups import selectors as backup_selectors
from backups.engines.postgres.connection import connect
from backups.services import databases
from deployments import selectors
from incidents.diagnoses.base import Case, Diagnosis, Seen, register
from incidents.models import FactKind
from incidents.services import databases_taken, facts
from smsops.environments.database_url import parse
from smsops.errors import OpsError
from smsops.models import DatabaseEngine
from smsops.text import count_text, seconds_text

PATIENCE = 3.0  # seconds a lock is waited for before it is one
LONG = 60  # seconds from which on a transaction is a long one
WHO = """SELECT count(*), count(*) FILTER (WHERE state = 'active'), count(*) FILTER (WHERE wait_event_type = 'Lock'),
 coalesce(max(extract(epoch FROM now() - xact_start)), 0), current_setting('max_connections')::int
 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@register
class Schema(Diagnosis):
    """The revision the database is at, against what the running release needs."""

    key, title = "schema", "Revision of the schema"

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        at = databases.of(case.environment, case.runtime).revision()
        release = selectors.running_release(case.environment, case.instance)
        if release is None or not release.heads:
            return self.unknown(f"The database is at {at or 'no revision'}; what the release needs is not known.")
        if set(at.split(",")) == set(release.heads.split(",")):
            return self.clear(f"The database is at {at}, which is what {release.version} needs.")
        said = f"The database is at {at or 'no revision'}, {release.version} needs {release.heads}."
        known = all(name in release.revisions for name in at.split(",") if name)
        if known:
            return Seen(self.cause("").verdict, f"{said} The release has not migrated it.", ("upgrade",))
        return Seen(self.cause("").verdict, f"{said} It is newer than the release.", ("rollback_schema", "restore"))


@register
class Integrity(Diagnosis):
    """The engine's own check, on a copy of the live database."""

    key, title, helps = "integrity", "Integrity of the database", ("restore",)

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        root = Path(settings.SMSOPS_WORK_DIR)
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix="diagnosis-", dir=root) as folder:
            copy = Path(folder) / "copy"
            databases_taken.copy(case.environment, copy)
            problem = databases_taken.problem(case.environment, copy)
        if not problem:
            return self.clear("A copy of the database passes the engine's own check.")
        facts.establish(case.incident, FactKind.INTEGRITY_FAILED, problem)
        return self.cause(f"A copy of the database does not pass the engine's own check: {problem}")


@register
class Locks(Diagnosis):
    """Whether somebody holds the database: SQLite's write lock, or PostgreSQL's sessions and long transactions."""

    key, title, helps = "locks", "Locks and transactions", ("restart",)

    def look(self, case: Case, params: Mapping[str, Any]) -> Seen:
        if case.environment.database_engine == DatabaseEngine.POSTGRESQL:
            return self._server(case)
        path = backup_selectors.database_path(case.environment, case.runtime)
        began = time.monotonic()
        try:
            # Begins to write and takes it back at once: nothing is changed, and nobody waits for it.
            address = f"file:{quote(str(path))}?mode=rw"
            with contextlib.closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)) as base:
                base.execute("BEGIN IMMEDIATE")
                base.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise OpsError(f"The database cannot be opened: {error}.") from error
            waited = seconds_text(time.monotonic() - began)
            return self.cause(
                f"The database is locked: for {waited} nobody else could begin to write. {_holders(path)}"
            )
        return self.clear(f"The write lock was free after {seconds_text(time.monotonic() - began)}.")

    def _server(self, case: Case) -> Seen:
        with connect(parse(case.environment.database_url)) as connection:
            row = connection.execute(WHO).fetchone()
        assert row is not None
        sessions, active, blocked, oldest, most = row
        said = (
            f"{count_text(sessions, 'session')} of {most}, {active} active, {blocked} waiting for a lock; the oldest "
        )
        said += f"transaction has lasted {seconds_text(float(oldest))}."
        return self.cause(said) if blocked or oldest > LONG or sessions >= most * 0.9 else self.clear(said)


def _holders(path: Path) -> str:
    """Which processes of this machine have the file open, where that can be seen."""
    wanted, found = {str(path), f"{path}-wal"}, set[str]()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(str(each.readlink()) in wanted for each in (process / "fd").iterdir()):
                found.add(f"{(process / 'comm').read_text().strip()} ({process.name})")
    return f"It is open in {', '.join(sorted(found)[:8])}." if found else ""
