"""The log of a PostgreSQL server: received as it is written, and played onto base backups on a scratch server."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from backups import selectors
from backups.engines.base import Facts
from backups.engines.postgres import base_backup, beats, recovery
from backups.engines.postgres.connection import maintenance, major
from backups.engines.postgres.following import LogFollower
from backups.engines.postgres.lines import Line, Lines
from backups.engines.postgres.recovery import Recovered
from backups.errors import BackupDamaged
from backups.models import Backup, LogFollowing, Reason
from backups.services import base_backups, storing
from backups.services.databases.base import Work
from backups.services.logs.base import Orders, Rebuilt, Source, text, watched
from backups.services.storing import Origin
from backups.vault import slots
from backups.vault.manifest import Manifest
from backups.vault.shelf import explained
from backups.vault.store import Stored
from backups.wal.coverage import Span
from backups.wal.following import Status
from smsops.environments.database_url import DatabaseUrl, parse
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment
from smsops.runs.plan import By

FOLDER = "postgres"
PAST = "-past"
EVERY = timedelta(days=1)  # between two base backups: what a recovery has to play at most
LATE = 2 * EVERY


@dataclass
class PostgresLog:
    """The log of the server an environment's database is on."""

    environment: Environment

    @property
    def url(self) -> DatabaseUrl:
        return parse(self.environment.database_url)

    @property
    def lines(self) -> Lines:
        folder = Path(settings.SMSOPS_VAULT_DIR) / self.environment.name / FOLDER
        return Lines(folder, selectors.keyring())

    def follow(self, orders: Orders) -> None:
        asked = orders.resting()

        def tell(status: Status) -> None:
            nonlocal asked
            orders.tell(status)
            if asked and not status.problem:  # this look began after the run had asked
                orders.rested()
            asked = orders.resting()

        LogFollower(self.url, self.lines).follow(orders.ended, tell)

    def give_up(self) -> None:
        LogFollower(self.url, self.lines).give_up()

    def begin(self) -> None:
        """A dump needs no place in the log."""

    def canary(self) -> float:
        line = self._line()
        with maintenance(self.url) as connection:
            return beats.measure(connection, line.archive, line.timeline)

    def _line(self) -> Line:
        line = self.lines.newest()
        if line is None:
            raise OpsError(f"Nothing of the log of {self.url.server} was received yet.", transient=True)
        return line

    def in_use(self, most: int) -> int:
        """The server bounds its log itself, or is told to (docs/point-in-time.md)."""
        return 0

    def size(self) -> int:
        return self.lines.size()

    def tidy(self, since: datetime) -> int:
        return self.lines.tidy(since)

    def spans(self) -> list[Span]:
        return self.lines.spans()

    def source(self, until: datetime) -> Source:
        try:
            _, base = self.lines.lead(until)
        except BackupDamaged as error:
            raise WrongUse(f"{until:%Y-%m-%d %H:%M:%S} UTC cannot be reached. {error.message}") from error
        said = f"It is built from the base backup of {text(base.moment)} and the log after it, on a scratch server."
        return Source(self._companion(until), said)

    def _companion(self, until: datetime) -> Backup:
        """The good backup nearest before that moment, else the first after it: it knows which release ran."""
        good = Backup.objects.filter(environment=self.environment, damage="", here=True).exclude(reason=Reason.ADOPTED)
        backup = good.filter(taken_at__lte=until).first() or good.last()
        if backup is None:
            fix = "Take a backup, then try again."
            raise WrongUse(f"{self.environment.name} has no backup that tells which release fits its data.", fix=fix)
        return backup

    def rebuild(self, backup: Backup, until: datetime, target: Path, work: Work) -> Rebuilt:
        line, base = self.lines.lead(until)
        reach, dump = line.reach(base), target.with_name(f"{target.name}.moment")
        short = reach is None or until > reach
        try:
            done = recovery.recover(line.archive, self.url, until, _scratch(work), dump, base=base, short=short)
            with explained(dump.parent):
                slots.lay_out(dump, target, None)
        finally:
            dump.unlink(missing_ok=True)
        last = f"; the last change is of {text(done.at.astimezone(UTC))}" if done.at else ""
        said = f"The log after the base backup of {text(base.moment)} was played{last}."
        row = LogFollowing.objects.filter(environment=self.environment).first()
        if short and reach is not None and not watched(row, until):
            said += f" The log knows every commit only up to {text(reach)}."
        return Rebuilt(self._manifest(backup, until, target, done), said, of_backup=False)

    def _manifest(self, backup: Backup, until: datetime, target: Path, done: Recovered) -> Manifest:
        size = target.stat().st_size
        origin = Origin(
            self.environment.name, self.url.name, until, backup.reason, backup.release_version, backup.image_id,
            engine="postgresql",
        )  # fmt: skip
        facts = Facts(size, 0, 0, done.revision, done.row_counts)
        return storing.manifest_of(done.base, origin, facts, Stored(size, 0, slots.BLOCK, "", []))

    def forget(self, work: Work) -> None:
        recovery.remove(_scratch(work))

    def take_base(self, folder: Path) -> str:
        """Take a base backup by way of a folder of its own in `folder`; what became of it, in a sentence."""
        line = self._line()
        with maintenance(self.url) as connection:
            # A base backup that nothing here could recover from is none, and it is better to know that now.
            recovery.check(folder.with_name(f"{folder.name}{PAST}"), major(connection))
        # Each attempt has its own: the program of one that was killed may still be writing.
        base = base_backup.take(self.url, line.archive, folder / secrets.token_hex(4))
        return f"Base backup {base.name} taken and verified; every moment after {text(base.moment)} can be had."

    def lacks_base(self, row: LogFollowing) -> bool:
        if not row.alive or base_backups.waits(self.environment):
            return False
        newest = self._newest_base()
        return newest is None or timezone.now() - newest > EVERY

    def _newest_base(self) -> datetime | None:
        line = self.lines.newest()
        bases = line.archive.bases() if line is not None else []
        whole = [base.moment for base in bases if line is not None and not line.archive.coverage(base).problem]
        return whole[-1] if whole else None

    def request_base(self, by: By) -> None:
        base_backups.request(self.environment, by)

    def trouble(self) -> str:
        newest = self._newest_base()
        if newest is not None and timezone.now() - newest <= LATE:
            return ""
        if why := base_backups.failure(self.environment):
            return f"No base backup could be taken: {why}"
        return f"The newest base backup is of {text(newest)}." if newest is not None else ""


def _scratch(work: Work) -> Path:
    """Where a run's scratch server is: beside its work folder, which is closed to whom the server runs as."""
    return work.folder.with_name(f"{work.folder.name}{PAST}")
