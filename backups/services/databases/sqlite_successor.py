"""The copy of a stopped SQLite database that takes its place: worked on in the run's folder, then put beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backups.engines.base import Facts, unchecked
from backups.services import live_copies
from backups.services.databases.base import Work
from backups.services.databases.sqlite import SqliteDatabase
from backups.services.databases.sqlite_trial import SqliteTrial
from backups.vault.manifest import Manifest
from smsops.runtimes.base import Told


@dataclass(frozen=True)
class SqliteSuccessor:
    """The file of `trial`, which is `made` as a database; `live` is the one it succeeds."""

    trial: SqliteTrial
    made: SqliteDatabase
    environment: str
    check = SqliteDatabase.check
    apart = True

    def refuse(self, work: Work) -> None:
        """It can be had wherever a copy can be tried."""

    def make(self, work: Work) -> Facts:
        def read(target: Path, _: object) -> Manifest:
            return live_copies.copy(self.trial.live, self.environment, target)

        return self.trial.fill(work, read, self.trial.live.size())

    def told(self, work: Work) -> Told:
        return self.trial.told()

    def fence(self, work: Work) -> str:
        return ""  # nothing else is within its reach

    def facts(self, work: Work) -> Facts:
        return unchecked(self.made)

    def ready(self, work: Work) -> Facts:
        def read(target: Path, beside: Callable[[], object]) -> Manifest:
            manifest = live_copies.copy(self.made, self.environment, target)
            beside()
            return manifest

        return self.trial.live.stage(work, read, self.made.size())

    def end(self, work: Work) -> None:
        self.trial.live.unstage(work)
