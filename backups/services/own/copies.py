"""Backups of smsops' own rows: taken every day and before an upgrade, read back, kept for a while, copied off-site."""

from __future__ import annotations

import base64
import contextlib
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from backups import retention, selectors
from backups.engines.base import Describer, Facts
from backups.models import OffsiteVault
from backups.retention import Point, Rules
from backups.services import storing
from backups.services.offsite import site_of
from backups.services.own.databases import own
from backups.vault.images import Images
from backups.vault.keys import Keyring
from backups.vault.manifest import Manifest
from backups.vault.remote import Site, opened
from backups.vault.replication import Sampling, replicate
from backups.vault.sealing import SALT_BYTES, Sealer
from backups.vault.shelf import FolderShelf, make_private, turn
from backups.vault.store import Vault
from smsops import wall_clock
from smsops.errors import OpsError
from smsops.models import Environment

FOLDER = "smsops.own"  # no environment can be called so: its name has no dot
DAILY, UPGRADE, MANUAL = "scheduled", "upgrade", "manual"
EVERY, LATE = timedelta(hours=23), timedelta(hours=26)
KEEP_DAYS, KEEP_WEEKLY, KEEP_MONTHLY = 14, 8, 12
APPS = ("smsops", "backups", "deployments", "incidents")
ENCLOSED = b"smsops field key"


def vault() -> Vault:
    """Where they are: beside the environments' own."""
    shelf = FolderShelf(Path(settings.SMSOPS_VAULT_DIR) / FOLDER)
    return Vault(shelf, selectors.keyring(), Images(Path(settings.SMSOPS_WORK_DIR) / "images" / FOLDER))


@dataclass(frozen=True)
class _Described:
    """The engine's description, with smsops' own migrations as the schema's revision."""

    engine: Describer
    revision: str

    def block(self, database: Path) -> int:
        return self.engine.block(database)

    def facts(self, database: Path) -> Facts:
        return replace(self.engine.facts(database), schema_revision=self.revision)


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """A private folder for files under way, for one at a time; OpsError, transient, while another one is at it."""
    work = Path(settings.SMSOPS_WORK_DIR) / "own"
    with turn(work, ".lock") as mine:
        if not mine:
            raise OpsError("smsops' own rows are being copied already.", transient=True)
        for left in work.glob("at-*"):
            shutil.rmtree(left, ignore_errors=True)  # of one that was killed
        folder = work / f"at-{secrets.token_hex(4)}"
        make_private(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def take(reason: str) -> Manifest:
    """Take a backup now, read all of it back, and let go of those past their time. OpsError when anything of it fails;
    what cannot be read back is not kept."""
    database, kept = own(), vault()
    with room() as folder:
        described = _Described(database.describer, ",".join(heads()))
        at = timezone.now()
        copy = database.copy(folder, kept.images.newest())
        origin = storing.Origin(
            "smsops", Path(str(connection.settings_dict["NAME"])).name, at, reason,
            engine=database.engine, source=enclosed(settings.FIELD_KEY, kept.keys),
        )  # fmt: skip
        manifest = storing.store(kept, described, copy, origin)
        _prove(kept, described, manifest, folder)
    _tidy(kept)
    return manifest


def heads() -> list[str]:
    """The newest migration of each of smsops' apps that the database went through."""
    applied = MigrationRecorder(connection).applied_migrations()
    newest = {app: max((name for each, name in applied if each == app), default="") for app in APPS}
    return [f"{app}.{name}" for app, name in newest.items() if name]


def _prove(kept: Vault, described: Describer, manifest: Manifest, folder: Path) -> None:
    try:
        read, facts = storing.unpack(kept, described, manifest.identifier, folder / "proof")
        if facts.problem or facts.row_counts != read.row_counts:
            raise OpsError(f"The backup of smsops' own rows cannot be used: {facts.problem or 'other rows came out'}.")
    except OpsError:
        kept.discard(manifest.identifier)
        raise


def _tidy(kept: Vault) -> None:
    """Those of two weeks stay, and the last of each week and month."""
    points = [Point(each.identifier, each.taken) for each in listed()]
    rules = Rules(KEEP_DAYS, KEEP_DAYS, KEEP_WEEKLY, KEEP_MONTHLY, timezone.get_current_timezone(), 2 * LATE)
    for verdict in retention.judge(points, timezone.now(), rules):
        if not verdict.stays:
            kept.discard(verdict.point.identifier)
    with contextlib.suppress(OpsError):  # the vault is in use; the packs go with the next one
        kept.collect()


def listed() -> list[Manifest]:
    """Those that can be read, newest first."""
    kept, found = vault(), []
    for identifier in reversed(kept.identifiers()):
        with contextlib.suppress(OpsError):
            found.append(kept.manifest(identifier))
    return found


def newest() -> datetime | None:
    """From when the newest one is, by its name alone; one from the future says nothing."""
    stamps = (name.partition("-")[0] for name in reversed(vault().identifiers()))
    times = (datetime.strptime(each, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for each in stamps)
    return next((at for at in times if not wall_clock.ahead(at)), None)


def due() -> bool:
    """Whether it is time for the daily one."""
    last = newest()
    return last is None or timezone.now() - last > EVERY


def problem() -> str:
    """What is wrong with these backups, in a sentence; empty where nothing is, and on the first day."""
    return late(newest())


def late(last: datetime | None) -> str:
    """That the newest one, if there is any, is too old; empty on the first day."""
    began = last or Environment.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if began is None or timezone.now() - began < LATE:
        return ""
    when = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "yet"
    return f"smsops' own rows were not backed up {when}: “ops own-backup now” says why."


def copy_elsewhere() -> list[str]:
    """Copy what is not there yet to every place the environments' backups are copied to; a sentence for each where that
    fails. There it is a folder of its own beside theirs."""
    kept, work = vault(), Path(settings.SMSOPS_WORK_DIR) / "own"
    said, places, note = [], _places(), work / "copied"
    done = "\n".join([*kept.identifiers()[-1:], *(f"{site.kind} {site.address} {site.bucket}" for site, _ in places)])
    with contextlib.suppress(OSError):
        if note.read_text(encoding="utf-8") == done:
            return []
    for place, reads in places:
        try:
            with opened(place) as shelf, kept.in_use():
                report = replicate(kept.shelf, shelf, kept.keys, work / "offsite", Sampling(reads=reads))
            said += [f"{place.bucket}: {fault}" for fault in report.faults]
        except OpsError as error:
            reason = error.message.replace(place.secret, "***") if place.secret else error.message
            said.append(f"{place.bucket}: {reason}")
    if not said:
        make_private(work)
        note.write_text(done, encoding="utf-8")
    return said


def _places() -> list[tuple[Site, bool]]:
    """Each place once, and whether its credentials may read."""
    found: dict[tuple[str, str, str], tuple[Site, bool]] = {}
    for row in OffsiteVault.objects.filter(enabled=True).select_related("environment").order_by("pk"):
        place = replace(site_of(row), prefix=FOLDER)
        found.setdefault((place.kind, place.address, place.bucket), (place, row.read_back))
    return list(found.values())


def enclosed(field_key: str, keys: Keyring) -> str:
    """The field key, sealed with the vault's: whoever can open the backup can open the secrets in its rows."""
    key, salt = keys.current(), secrets.token_bytes(SALT_BYTES)
    sealed = Sealer(key, salt, ENCLOSED).seal(field_key.encode(), last=True)
    return f"{key.identity}:{salt.hex()}:{base64.b64encode(sealed).decode()}"


def disclosed(manifest: Manifest, keys: Keyring) -> str:
    """That field key again."""
    identity, salt, sealed = manifest.source.split(":")
    return Sealer(keys.get(identity), bytes.fromhex(salt), ENCLOSED).open(base64.b64decode(sealed), last=True).decode()
