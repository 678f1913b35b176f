"""Reads over backups."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from backups.models import Backup, Proof, Reason
from backups.vault.images import Images
from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault
from backups.wal.log import Log
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment
from smsops.runtimes.base import Runtime

CLOCKS_DIFFER = timedelta(minutes=5)  # between this machine and the worker's; more is a clock that was set back


def keyring() -> Keyring:
    """The keys backups are sealed with, those of all environments."""
    return Keyring(Path(settings.SMSOPS_KEYS_DIR))


def key_warning(at_risk: list[str]) -> str:
    """What to say of keys that exist only on this machine."""
    which = f"The key {at_risk[0]} exists" if len(at_risk) == 1 else f"{len(at_risk)} keys exist"
    return (
        f"{which} only on this machine: if it is lost, so is every backup. Export them: “ops vault export-keys FILE”."
    )


def vault_of(environment: Environment) -> Vault:
    """The vault of an environment."""
    shelf = FolderShelf(Path(settings.SMSOPS_VAULT_DIR) / environment.name)
    return Vault(shelf, keyring(), Images(Path(settings.SMSOPS_WORK_DIR) / "images" / environment.name))


def log_of(environment: Environment) -> Log:
    """The log of an environment's commits, on the shelf of its vault."""
    return Log(FolderShelf(Path(settings.SMSOPS_VAULT_DIR) / environment.name), keyring())


def database_path(environment: Environment, runtime: Runtime) -> Path:
    """Where the worker sees SMS's database; it need not exist. OpsError as `inside` has it."""
    return inside(runtime.data_folder(), environment.database_file)


def inside(folder: Path, name: str) -> Path:
    """The database of that name in a data folder. OpsError when a link in it leads out of the folder: whoever writes
    there could have any database of this machine read."""
    path = folder / name
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        fix = "Put the database itself there, or enter the folder it is in."
        raise OpsError(f"The database {path} is a link that leads out of the data folder.", fix=fix)
    return path


def sound() -> QuerySet[Backup]:
    """Backups of which nothing bad is known and whose stored copy was read back, wherever they are, newest first."""
    return Backup.objects.filter(damage="").exclude(proof=Proof.STORED)


def good(*, then: bool = False) -> QuerySet[Backup]:
    """The good backups, newest first: sound, our own, and here, so that a restore can begin with them. All that speaks
    of the last good backup goes by these. What is adopted was taken elsewhere, nobody knows how. `then`: also what is
    only off-site by now: for what was true in the past. One from the future was taken before the clock was set back;
    whoever compares with now leaves it out (`datable`)."""
    own = sound().exclude(reason=Reason.ADOPTED)
    return own if then else own.filter(here=True)


def datable() -> Q:
    """The condition for backups that are not from the future: of one that is nobody can say how old it is."""
    return Q(taken_at__lte=timezone.now() + CLOCKS_DIFFER)


def latest_good(environment: Environment) -> Backup | None:
    """The newest backup a restore could begin with. One from the future comes behind those that can be dated. What came
    from elsewhere is restored when somebody names it, or when there is nothing else."""
    own = good().filter(environment=environment)
    return own.filter(datable()).first() or own.first() or sound().filter(environment=environment, here=True).first()


def latest(environment: Environment) -> Backup | None:
    """What “latest” means: the newest good backup; where there is none, the newest of which nothing bad is known, one
    that is here before one that is only off-site. After the catalogue was made anew from a vault nothing is proven yet,
    and a restore proves what it unpacks before it touches SMS."""
    unproven = Backup.objects.filter(environment=environment, damage="").order_by("-here", "-taken_at", "-pk")
    return latest_good(environment) or unproven.filter(datable()).first() or unproven.first()


def good_before(backup: Backup) -> Backup | None:
    """The good backup before this one."""
    return good().filter(environment_id=backup.environment_id, taken_at__lt=backup.taken_at).first()


def orphans_before(backup: Backup) -> dict[str, int]:
    """What the last verified backup before this one had of rows that refer to missing ones: the baseline. Without one,
    the backup's own are the first known, so nothing is more than before."""
    earlier = Backup.objects.filter(environment_id=backup.environment_id, taken_at__lt=backup.taken_at)
    known = earlier.exclude(orphans=None).values_list("orphans", flat=True).first()
    return known if known is not None else dict.fromkeys(backup.row_counts, 10**12)


def find(environment: Environment, identifier: str) -> Backup:
    """The backup of that identifier, or what `latest` has for “latest”; WrongUse when there is none."""
    if identifier == "latest":
        backup = latest(environment)
        if backup is None:
            raise WrongUse(f"{environment.name} has no good backup yet; take one with “ops backup {environment.name}”.")
        return backup
    found = Backup.objects.filter(environment=environment, identifier=identifier).first()
    if found is None:
        raise WrongUse(f"{environment.name} has no backup “{identifier}”; “ops backups {environment.name}” lists them.")
    return found
