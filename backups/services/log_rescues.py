"""The log brought back from vaults elsewhere: what a restore to a moment needs and is missing or damaged here (B8)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from backups import selectors
from backups.errors import BackupDamaged
from backups.models import Backup, LogFollowing, OffsiteVault
from backups.services.offsite import shelf_of
from backups.vault import copies
from backups.vault import manifest as manifests
from backups.vault.manifest import Manifest
from backups.vault.shelf import Shelf
from backups.wal.frames import Position
from backups.wal.replay import Plan, planned
from backups.wal.retrieval import Retrieved, retrieve
from smsops import zones
from smsops.errors import OpsError
from smsops.models import Environment
from smsops.text import count_text

TRIED = 5  # backups looked at for one the log elsewhere goes on from
SLACK = timedelta(minutes=2)  # a backup may be dated a little later than its place in the log


def lead(environment: Environment, position: Position, since: datetime, until: datetime) -> Plan:
    """How the log leads from `position`, where a backup of about `since` stands, to `until`. What of it is missing or
    damaged here is brought from elsewhere first. Raises what `planned` raises where no copy leads there either."""
    log = selectors.log_of(environment)
    try:
        return planned(log, position, until)
    except OpsError as error:
        for shelf in _shelves(environment):
            with contextlib.suppress(OpsError):
                bring(environment, shelf, since, until)
                return planned(log, position, until)
        raise error


def base_for(environment: Environment, until: datetime) -> Backup | None:
    """The newest backup, here or elsewhere, from which the log leads to `until`, with what elsewhere alone knows; None
    without one."""
    backups = Backup.objects.filter(environment=environment, damage="", taken_at__lte=until)
    for shelf in _shelves(environment):
        for backup in backups[:TRIED]:
            with contextlib.suppress(OpsError):
                manifest = _manifest(backup, shelf)
                if not manifest.position:
                    continue
                position = Position.parse(manifest.position)
                bring(environment, shelf, backup.taken_at, until)
                planned(selectors.log_of(environment), position, until)
                return backup
    return None


def bring(
    environment: Environment, shelf: Shelf, since: datetime, until: datetime, guard: Callable[[], None] = lambda: None
) -> Retrieved:
    """Bring the commits between, where they are missing or damaged here; a file that is being written stays."""
    row = LogFollowing.objects.filter(environment=environment).first()
    start, end = (int(each.timestamp() * 1000) for each in (since - SLACK, until))
    log = selectors.log_of(environment)
    return retrieve(shelf, log, start, end, live=bool(row and row.alive), guard=guard)


def bring_newest(environment: Environment, shelf: Shelf) -> str:
    """Bring the commits since the newest backup, as a sentence; empty where there are none. Earlier ones are brought
    when a restore asks for them."""
    newest = Backup.objects.filter(environment=environment, damage="").first()
    since = newest.taken_at if newest else datetime.fromtimestamp(0, UTC) + SLACK
    found = bring(environment, shelf, since, datetime.max.replace(tzinfo=UTC) - SLACK)
    if not found.until:
        return ""
    reach = datetime.fromtimestamp(found.until / 1000, UTC)
    brought = count_text(len(found.brought), "file of them was", "files of them were")
    said = f"The commits there reach to {zones.kept(reach, seconds=True)}; {brought} brought."
    return " ".join([said, *_overtaken(environment), *found.problems])


def _overtaken(environment: Environment) -> list[str]:
    """A sentence where a follower writes a generation that is not the newest any more: names sort by age."""
    row = LogFollowing.objects.filter(environment=environment).first()
    known = selectors.log_of(environment).generations()
    if row is None or not row.alive or not row.generation or not known or known[-1] <= row.generation:
        return []
    return ["The log that is followed here is to begin anew behind them: start “manage.py follow” again, or restore."]


def reachable(environment: Environment) -> bool:
    """Whether anything is in the log here."""
    return bool(selectors.log_of(environment).generations())


def _shelves(environment: Environment) -> Iterator[Shelf]:
    """The vaults elsewhere that can be reached, one after the other."""
    for vault in OffsiteVault.objects.filter(environment=environment).select_related("environment"):
        with contextlib.suppress(OpsError), shelf_of(vault) as shelf:
            yield shelf


def _manifest(backup: Backup, shelf: Shelf) -> Manifest:
    """The manifest of a backup, from here or from elsewhere, its signature checked."""
    vault = selectors.vault_of(backup.environment)
    with contextlib.suppress(BackupDamaged):  # missing or damaged here: that is what elsewhere is for
        return vault.manifest(backup.identifier)
    try:
        found = manifests.loads(copies.read(shelf, copies.manifest_name(backup.identifier)).decode(), vault.keys)
    except (FileNotFoundError, UnicodeDecodeError):
        raise BackupDamaged(f"The backup {backup.identifier} is not there.") from None
    if found.identifier != backup.identifier:
        raise BackupDamaged(f"The manifest of the backup {backup.identifier} is that of {found.identifier}.")
    return found
