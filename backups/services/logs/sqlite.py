"""SQLite's write-ahead log, kept commit by commit beside the backups, which are what it is played onto."""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from backups import selectors
from backups.engines.sqlite import SqliteEngine, side_file
from backups.errors import BackupDamaged
from backups.models import Backup, LogFollowing, Reason
from backups.services import backups, bases, log_rescues, unpacking
from backups.services.databases.base import Work
from backups.services.logs.base import Orders, Rebuilt, Source, text, watched
from backups.services.positions import position_of
from backups.wal import coverage
from backups.wal.canary import measure, send
from backups.wal.coverage import Span
from backups.wal.follower import Follower
from backups.wal.following import follow
from backups.wal.log import Log
from backups.wal.pins import in_use
from backups.wal.replay import planned, replay
from smsops import zones
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment
from smsops.runs.plan import By
from smsops.runtimes.registry import runtime_for
from smsops.text import count_text

ASK = 0.3  # seconds between two looks at the orders while resting
TRIED = 40  # backups looked at for one the log goes on from
_GENERATION = re.compile(r"\d+-(\d{8}T\d{6}Z)-")


@dataclass
class SqliteLog:
    """The log of one SQLite file."""

    environment: Environment

    @property
    def log(self) -> Log:
        return selectors.log_of(self.environment)

    @property
    def database(self) -> Path:
        return selectors.database_path(self.environment, runtime_for(self.environment))

    def follow(self, orders: Orders) -> None:
        database, log = self.database, self.log
        folder = Path(settings.SMSOPS_WORK_DIR) / "follower" / self.environment.name
        base = bases.base_of(self.environment)
        while not orders.ended():
            if orders.resting():
                orders.rested()
                time.sleep(ASK)
                continue
            follow(Follower(database, folder, log, base=base), lambda: orders.ended() or orders.resting(), orders.tell)

    def give_up(self) -> None:
        """A follower that ends holds nothing."""

    def begin(self) -> None:
        log = self._file()
        if self.database.exists() and not (log.exists() and log.stat().st_size):
            with contextlib.suppress(OpsError):  # without WAL there are no positions, which the follower says
                send(self.database)

    def _file(self) -> Path:
        """SQLite's own log."""
        return side_file(self.database, "-wal")

    def canary(self) -> float:
        return measure(self.database, self.log)

    def in_use(self, most: int) -> int:
        log = self._file()
        used = log.stat().st_size if log.exists() else 0
        return used if used <= most else in_use(self.database)  # its file never becomes shorter by itself

    def size(self) -> int:
        return self.log.size()

    def tidy(self, since: datetime) -> int:
        return coverage.tidy(self.log, since)

    def spans(self) -> list[Span]:
        return coverage.coverage(self.log)

    def source(self, until: datetime) -> Source:
        backup, known, said = self._source_here(until)
        if backup is None or (known < until and not self._watched(until)):
            backup = log_rescues.base_for(self.environment, until) or backup  # elsewhere more may be known
        if backup is None:
            raise WrongUse(f"{until:%Y-%m-%d %H:%M:%S} UTC cannot be reached. {said or self._reachable()}".strip())
        return Source(backup, f"It is built from the backup {backup.identifier} and the commits after it.")

    def _source_here(self, until: datetime) -> tuple[Backup | None, datetime, str]:
        """The newest backup here from which the log here leads to `until`; up to when every commit is known then; and
        what stood in the way."""
        log, vault, said = self.log, selectors.vault_of(self.environment), ""
        good = Backup.objects.filter(environment=self.environment, damage="", here=True, taken_at__lte=until)
        for backup in good[:TRIED]:
            with contextlib.suppress(OpsError):
                position = position_of(vault.manifest(backup.identifier))
                if position is None:
                    continue
                try:
                    plan = planned(log, position, until)
                except OpsError as error:
                    said = said or error.message
                    continue
                return backup, datetime.fromtimestamp(plan.known / 1000, UTC), said
        return None, until, said

    def _watched(self, until: datetime) -> bool:
        return watched(getattr(self.environment, "log_following", None), until)

    def _reachable(self) -> str:
        found = self.spans()
        if not found:
            return "The log of this environment is not followed, or nothing is in it yet."
        start, end = zones.kept(found[0].start, seconds=True), zones.kept(found[-1].end, seconds=True)
        return f"The log knows {start} to {end}."

    def rebuild(self, backup: Backup, until: datetime, target: Path, work: Work) -> Rebuilt:
        manifest = unpacking.unpack(backup, target, work.guard)
        if manifest.root != backup.root:
            raise BackupDamaged(f"The vault holds another backup under the name {backup.identifier}.")
        position = position_of(manifest)
        if position is None:
            raise OpsError(f"The backup {manifest.identifier} does not know where in the log it stands.")
        log_rescues.lead(self.environment, position, manifest.taken, until)
        done = replay(target, position, self.log, until)
        counts = SqliteEngine().row_counts(target, quiet=True)
        played = count_text(done.commits, "commit was", "commits were")
        said = f"After {manifest.identifier} {played} played; the last one is of {text(done.time)}."
        if done.known < until and not self._watched(until):
            said += f" The log knows every commit only up to {text(done.known)}."
        return Rebuilt(replace(manifest, row_counts=counts), said, of_backup=True)

    def forget(self, work: Work) -> None:
        """It leaves nothing but its target."""

    def lacks_base(self, row: LogFollowing) -> bool:
        """Whether no good backup was taken since the present generation began: nothing in it can be reached."""
        found = _GENERATION.match(row.generation)
        if not row.alive or found is None:
            return False
        began = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        good = Backup.objects.filter(environment=self.environment, damage="", here=True)
        return not good.filter(taken_at__gte=began).exists()

    def request_base(self, by: By) -> None:
        backups.request(self.environment, by, Reason.SCHEDULED)

    def trouble(self) -> str:
        return ""
