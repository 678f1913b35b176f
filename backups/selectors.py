"""Reads over backups."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from backups.models import Backup, Proof, Reason
from backups.vault.images import Images
from backups.vault.keys import Keyring
from backups.vault.shelf import FolderShelf
from backups.vault.store import Vault
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.runtimes.base import Runtime


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


def database_path(environment: Environment, runtime: Runtime) -> Path:
    """Where the worker sees SMS's database; it need not exist."""
    return runtime.data_folder() / environment.database_file


def latest_good(environment: Environment) -> Backup | None:
    """The newest backup a restore could begin with."""
    good = Backup.objects.filter(environment=environment, damage="", here=True).exclude(proof=Proof.STORED)
    # What came from elsewhere is restored when somebody names it, or when there is nothing else.
    return good.exclude(reason=Reason.ADOPTED).first() or good.first()


def good_before(backup: Backup) -> Backup | None:
    """The good backup before this one."""
    good = Backup.objects.filter(environment_id=backup.environment_id, damage="", here=True).exclude(proof=Proof.STORED)
    return good.filter(taken_at__lt=backup.taken_at).exclude(reason=Reason.ADOPTED).first()


def orphans_before(backup: Backup) -> dict[str, int]:
    """What the last verified backup before this one had of rows that refer to missing ones: the baseline. Without one,
    the backup's own are the first known, so nothing is more than before."""
    earlier = Backup.objects.filter(environment_id=backup.environment_id, taken_at__lt=backup.taken_at)
    known = earlier.exclude(orphans=None).values_list("orphans", flat=True).first()
    return known if known is not None else dict.fromkeys(backup.row_counts, 10**12)


def find(environment: Environment, identifier: str) -> Backup:
    """The backup of that identifier, or the newest good one for “latest”; WrongUse when there is none."""
    if identifier == "latest":
        backup = latest_good(environment)
        if backup is None:
            raise WrongUse(f"{environment.name} has no good backup yet; take one with “ops backup {environment.name}”.")
        return backup
    found = Backup.objects.filter(environment=environment, identifier=identifier).first()
    if found is None:
        raise WrongUse(f"{environment.name} has no backup “{identifier}”; “ops backups {environment.name}” lists them.")
    return found
