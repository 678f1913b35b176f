"""SMS's database on a PostgreSQL server: exchanged by two renames in one transaction.

The server's names are the fence: a database of a run that has ended is not there any more, and cannot be exchanged.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backups.engines.base import Facts, TableChange, unchecked
from backups.engines.plans import RecoveryPlan
from backups.engines.postgres import comparison, mirror, putting
from backups.engines.postgres.engine import PostgresEngine
from backups.engines.postgres.exchange import Exchange
from backups.engines.postgres.scratch import ScratchServer
from backups.engines.putting import PutBack
from backups.models import Proof
from backups.services import integrity
from backups.services.databases.base import Proven, Reader, Work
from backups.vault import slots
from backups.vault.shelf import explained
from smsops.environments.database_url import DatabaseUrl
from smsops.errors import OpsError
from smsops.text import bytes_text, count_text


class PostgresDatabase(PostgresEngine):
    """One database of a server, as its engine sees it, and its exchange."""

    engine = "postgresql"
    check = "read by pg_restore"
    noticing = "a backup of it"
    deep = "a restore into a new database"
    proof = Proof.RESTORED

    @property
    def name(self) -> str:
        return self.url.name

    @property
    def place(self) -> str:
        return self.url.server

    def _exchange(self, work: Work) -> Exchange:
        return Exchange(self.url, work.run)

    def exists(self) -> bool:
        return Exchange(self.url, 0).exists(self.url.name) and bool(self.row_counts())

    def room(self) -> int | None:
        return None

    def prove(self, copy: Path, work: Work) -> Proven:
        exchange = self._exchange(work)
        with unfolded(copy, work) as dump:
            found = exchange.fill(dump)  # foreign keys are checked when they are made
        exchange.drop(exchange.names.part)
        return Proven(found)

    def end_proof(self, work: Work) -> None:
        self.unstage(work)

    def stage(self, work: Work, read: Reader, size: int) -> Facts:
        exchange, copy = self._exchange(work), work.folder / "restore"
        with explained(work.folder):
            free = shutil.disk_usage(_folder(work)).free
            if free < size * 2.2:
                raise OpsError(f"{work.folder} has {bytes_text(free)} left; unpacking takes {bytes_text(size * 2)}.")
            manifest = read(copy, lambda: None)
            with unfolded(copy, work) as dump:
                work.guard()
                found = exchange.fill(dump)
        if found != manifest.row_counts:
            raise OpsError(f"The backup {manifest.identifier} does not have the rows its manifest says.")
        exchange.prove()
        shutil.rmtree(work.folder, ignore_errors=True)
        return Facts(size, 0, 0, manifest.schema_revision, found)

    def unstage(self, work: Work) -> None:
        exchange = self._exchange(work)
        exchange.drop(exchange.names.part, exchange.names.new, exchange.names.gone)
        shutil.rmtree(work.folder, ignore_errors=True)

    def settle(self, work: Work) -> str:
        return f"{count_text(self._exchange(work).close_sessions(), 'session was', 'sessions were')} ended."

    def unsettle(self, work: Work) -> None:
        """Whoever wants to connects again."""

    def keep(self, work: Work) -> bool:
        return self._exchange(work).exists(self.name)  # the exchange gives it another name

    def unkeep(self, work: Work) -> None:
        """It has its name."""

    def staged(self, work: Work) -> bool:
        exchange = self._exchange(work)
        return exchange.exists(exchange.names.new)

    def swap(self, work: Work) -> None:
        if not self.staged(work):
            raise OpsError(f"The restored database is gone from {self.place}.")
        work.guard()
        self._exchange(work).swap()

    def swap_back(self, work: Work) -> bool:
        exchange = self._exchange(work)
        if self.staged(work) or not exchange.exists(exchange.names.old):
            return False
        work.guard()
        exchange.put_back(exchange.names.old)
        return True

    def by_hand(self, work: Work) -> list[str]:
        exchange = self._exchange(work)
        return exchange.by_hand(exchange.names.old)

    def old(self, work: Work) -> Path | None:
        exchange = self._exchange(work)
        if not exchange.exists(exchange.names.old):
            return None
        dump = _folder(work) / "old"
        PostgresEngine(self.url.called(exchange.names.old)).snapshot(dump)
        return dump

    def forget_old(self, work: Work) -> None:
        exchange = self._exchange(work)
        exchange.drop(exchange.names.old)
        shutil.rmtree(work.folder, ignore_errors=True)

    def hold(self, work: Work) -> Facts | None:
        if not self.exists():
            return None
        work.guard()
        self._exchange(work).copy(self._held(work).name)
        return unchecked(PostgresEngine(self._held(work)))

    def _held(self, work: Work) -> DatabaseUrl:
        return self.url.called(self._exchange(work).names.hold)

    def held(self, work: Work) -> bool:
        return self._exchange(work).exists(self._held(work).name)

    def compare(self, work: Work, tables: list[str]) -> list[TableChange]:
        return comparison.compare(self._held(work), self.url, tables)

    def spoiled(self, work: Work, tables: list[str]) -> str:
        before, after = PostgresEngine(self._held(work)).revision(), self.revision()
        if before != after:
            return f"the schema had moved from {before or 'none'} to {after or 'none'}."
        if not comparison.same_schema(self._held(work), self.url):
            return "the schema had been changed half-way."
        found = integrity.losses(self.compare(work, tables), migrated=False)
        return "; ".join(found) + "." if found else ""

    def put_back(self, work: Work) -> None:
        work.guard()
        self._exchange(work).put_back(self._held(work).name)

    def put_back_by_hand(self, work: Work) -> list[str]:
        return self._exchange(work).by_hand(self._held(work).name)

    def release(self, work: Work) -> None:
        exchange = self._exchange(work)
        exchange.drop(exchange.names.part, exchange.names.hold, exchange.names.gone)

    def look_into(self, work: Work, read: Reader) -> None:
        copy, server = _folder(work) / "copy", reading_server(work.folder)
        try:
            manifest = read(copy, lambda: None)
            with unfolded(copy, work) as dump:
                work.guard()
                found = server.begin(dump, self.name)
            if found != manifest.row_counts:
                raise OpsError(f"The backup {manifest.identifier} does not have the rows its manifest says.")
            mirror.make(server.admin(self.name), self.then(work))
        finally:
            server.end()
            copy.unlink(missing_ok=True)

    def then(self, work: Work) -> Path:
        return work.folder / "then.sqlite3"

    def now(self, work: Work) -> Path:
        made = _folder(work) / "now.sqlite3"
        mirror.make(self.url, made)
        return made

    def put_rows_back(self, plan: RecoveryPlan, work: Work) -> list[PutBack]:
        return putting.put_back(plan, self.then(work), self.url, work.guard)

    def look_away(self, work: Work) -> None:
        reading_server(work.folder).end()
        shutil.rmtree(work.folder, ignore_errors=True)


def reading_server(folder: Path) -> ScratchServer:
    """The server on which a run restores a copy to look into it."""
    return ScratchServer(folder / "server")


def _folder(work: Work) -> Path:
    work.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return work.folder


@contextmanager
def unfolded(copy: Path, work: Work) -> Iterator[Path]:
    """The dump in a stored copy, for as long as it is needed."""
    dump = _folder(work) / "dump"
    with explained(work.folder):
        slots.unfold(copy, dump)
    try:
        yield dump
    finally:
        dump.unlink(missing_ok=True)
