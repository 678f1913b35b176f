"""A copy of an SQLite database for a sandbox: a file in the sandbox's data folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from backups.engines.base import Facts
from backups.engines.sqlite import SqliteEngine, connect
from backups.selectors import inside
from backups.services import swaps
from backups.services.databases.base import Reader, Work
from backups.services.databases.sqlite import SqliteDatabase
from smsops.errors import OpsError
from smsops.runtimes.base import Told

TORN = 64 * 1024  # bytes in the middle of the database that a drill overwrites


@dataclass(frozen=True)
class SqliteTrial:
    """The file in `folder`, where the sandbox looks for it; `live` is the real one."""

    folder: Path
    live: SqliteDatabase

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def path(self) -> Path:
        return self.data / self.live.name

    def fill(self, work: Work, read: Reader, size: int) -> Facts:
        shutil.rmtree(self.data, ignore_errors=True)
        self.path.parent.mkdir(parents=True)
        manifest = read(self.path, lambda: None)
        self._belongs_to_sms()
        facts = SqliteEngine().facts(self.path)
        if facts.problem or facts.row_counts != manifest.row_counts:
            said = facts.problem or "other rows came out"
            raise OpsError(f"The backup {manifest.identifier} is not right: {said}.")
        return facts

    def _belongs_to_sms(self) -> None:
        """Give the copy to whoever owns SMS's data: the release in the sandbox writes it."""
        swaps.own_like(self.data, self.live.data)
        live = inside(self.live.data, self.live.name)
        swaps.own_like(self.path, live if live.exists() else self.live.data)
        self.path.chmod(self.path.stat().st_mode & 0o666 | 0o600)

    def told(self) -> Told:
        return Told()  # the runtime knows its data folder

    def delete(self, table: str, count: int) -> int:
        with connect(self.path) as connection, connection:
            query = f'DELETE FROM "{table}" WHERE rowid IN (SELECT rowid FROM "{table}" ORDER BY rowid DESC LIMIT ?)'  # noqa: S608
            return connection.execute(query, [count]).rowcount

    def tear(self, work: Work) -> str:
        half = self.path.stat().st_size // 2
        with self.path.open("r+b") as file:
            file.seek(half)
            file.write(b"\xa5" * min(TORN, half))
        return SqliteEngine().facts(self.path).problem

    def end(self) -> None:
        """All of it is in the run's folder."""
