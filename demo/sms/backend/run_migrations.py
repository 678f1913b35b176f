"""Bring the database to the newest schema, in this process, and say so in words a log reader can find.

Everything printed is also kept in logs/migrations.log: a container that exits at once can explain itself.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from backend import revisions
from backend.config import ROOT, settings

LOG_FILE = ROOT / "logs" / "migrations.log"
RULER = "=" * 60


class Journal:
    """Prints lines and keeps them in the log file; a read-only release folder only loses the copy."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._copy: TextIO | None = None

    def __enter__(self) -> Self:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._copy = self.file.open("w", encoding="utf-8")
        except OSError:
            pass
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._copy is not None:
            self._copy.close()

    def say(self, line: str) -> None:
        """One line to standard output and to the copy, at once."""
        print(line, flush=True)
        if self._copy is not None:
            self._copy.write(line + "\n")
            self._copy.flush()


def run() -> int:
    """Migrate to the heads of this release: 0 when the schema is right, 1 when Alembic refused."""
    with Journal(LOG_FILE) as journal:
        for line in (
            RULER,
            "DATABASE MIGRATION CHECK",
            RULER,
            f"Using DATABASE_URL: {settings.database_url}",
        ):
            journal.say(line)
        wanted = revisions.heads()
        if wanted and revisions.current(settings) == wanted:
            journal.say(f"Database schema is at {', '.join(sorted(wanted))}; nothing to apply")
        elif not _upgrade(journal):
            return 1
        journal.say("OK: Database migrations applied successfully")
        journal.say("[run_migrations] EXIT OK")
    return 0


def _upgrade(journal: Journal) -> bool:
    # Imported late: half a second that a start on an up-to-date database does not need.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    config = Config(str(ROOT / "backend" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "backend" / "migrations").replace("%", "%%"))
    try:
        command.upgrade(config, "heads")
    except (CommandError, SQLAlchemyError) as error:
        text = str(error).splitlines()[0]
        # Databases that were once created without Alembic already have what the first revisions create.
        if "already exists" in text or "duplicate column" in text:
            journal.say(f"[run_migrations] benign error: {text}")
            return True
        journal.say(f"[run_migrations] EXCEPTION: {type(error).__name__}: {text}")
        return False
    journal.say("Alembic migrations applied successfully")
    return True


if __name__ == "__main__":
    sys.exit(run())
