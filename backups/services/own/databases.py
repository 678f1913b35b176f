"""The database smsops keeps its rows in, as something that is copied and put back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.db import connection

from backups.engines.base import Describer
from backups.engines.postgres import dumps, programs
from backups.engines.postgres.engine import PostgresEngine
from backups.engines.sqlite import SqliteEngine, fsync
from backups.vault import slots
from backups.vault.shelf import explained
from smsops.environments.database_url import DatabaseUrl

SECONDS = 3600.0


class OwnDatabase(Protocol):
    """One of the two kinds."""

    engine: str

    @property
    def describer(self) -> Describer:
        """What checks and describes a copy."""

    def __str__(self) -> str: ...

    def copy(self, folder: Path, before: Path | None) -> Path:
        """A consistent copy in the folder, as like the one `before` as can be, for the vault. Nobody is held up."""

    def row_counts(self) -> dict[str, int]:
        """Rows per table; none where there is no database, or an empty one."""

    def put(self, copy: Path) -> None:
        """Make the empty database what the copy is; all of it or nothing. The copy may be gone afterwards."""


@dataclass(frozen=True)
class OwnFile:
    """SQLite: the embedded installation."""

    path: Path
    engine = "sqlite"

    @property
    def describer(self) -> Describer:
        return SqliteEngine()

    def __str__(self) -> str:
        return str(self.path)

    def copy(self, folder: Path, before: Path | None) -> Path:
        target = folder / "copy.db"
        SqliteEngine().snapshot(self.path, target)
        return target

    def row_counts(self) -> dict[str, int]:
        if not self.path.exists() or not self.path.stat().st_size:
            return {}
        return SqliteEngine().row_counts(self.path)

    def put(self, copy: Path) -> None:
        with explained(self.path.parent):
            copy.chmod(0o600)
            fsync(copy)
            copy.replace(self.path)
            fsync(self.path.parent)


@dataclass(frozen=True)
class OwnServer:
    """PostgreSQL."""

    url: DatabaseUrl
    engine = "postgresql"

    @property
    def describer(self) -> Describer:
        return PostgresEngine(self.url)

    def __str__(self) -> str:
        return str(self.url)

    def copy(self, folder: Path, before: Path | None) -> Path:
        engine = PostgresEngine(self.url)
        engine.snapshot(folder / "copy.dump")
        return engine.lay_out(folder / "copy.dump", before)

    def row_counts(self) -> dict[str, int]:
        return PostgresEngine(self.url).row_counts()

    def put(self, copy: Path) -> None:
        dump = copy.with_name("unfolded.dump")
        with explained(copy.parent):
            slots.unfold(copy, dump)
        program = programs.fitting("pg_restore", dumps.head(dump).major)
        argv = [str(program), "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
        argv += ["--no-password", f"--dbname={self.url.name}", str(dump)]
        programs.run(argv, self.url, timeout=SECONDS, folder=copy.parent)


def own() -> OwnDatabase:
    """The one the settings name."""
    given: dict[str, Any] = connection.settings_dict
    if "sqlite" in given["ENGINE"]:
        return OwnFile(Path(given["NAME"]))
    mode = str(given.get("OPTIONS", {}).get("sslmode", "prefer"))
    port = int(given.get("PORT") or 5432)
    return OwnServer(
        DatabaseUrl(given["HOST"] or "localhost", port, given["NAME"], given["USER"], given["PASSWORD"], mode)
    )
