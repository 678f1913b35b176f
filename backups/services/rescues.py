"""Backups brought back from a vault elsewhere, and a catalogue made again from it (B8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backups import selectors
from backups.errors import BackupDamaged
from backups.models import Backup, OffsiteVault, Proof
from backups.services import log_rescues, storing
from backups.services.offsite import note_copies, shelf_of
from backups.vault import copies
from backups.vault import manifest as manifests
from backups.vault.rescue import rescue
from backups.vault.shelf import Shelf
from smsops.errors import OpsError, WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.text import count_text


def plan(backup: Backup) -> Plan:
    """What bringing a backup back from elsewhere would do. Raises WrongUse when no off-site vault has it."""
    names = list(backup.replicas.values_list("vault__name", flat=True))
    if not names:
        raise WrongUse(f"No off-site vault has a copy of {backup.identifier}.")
    return Plan(
        kind="rescue",
        title=f"Bring {backup.identifier} back",
        environment=backup.environment,
        steps=(PlannedStep("offsite.bring_back"),),
        params={"backup": backup.pk},
        exclusive=False,
        notes=(f"What the local vault lacks or has damaged is fetched from {' or '.join(names)} and checked.",),
    )


def start(backup: Backup, by: By) -> Run:
    """Queue a run that brings a backup back."""
    return submit(plan(backup), by)


def bring_back(environment: Environment, identifier: str, guard: Callable[[], None] = lambda: None) -> str:
    """Mend a backup of the local vault from the first off-site vault that has it whole; returns what was done.

    Raises BackupDamaged, with what each of them said, when none has.
    """
    local, said = selectors.vault_of(environment), []
    for vault in OffsiteVault.objects.filter(environment=environment).select_related("environment"):
        try:
            guard()
            with shelf_of(vault) as shelf:
                brought = rescue(shelf, local.shelf, identifier, local.keys)
        except OpsError as error:
            said.append(f"{vault.name}: {error.message}")
            continue
        Backup.objects.filter(environment=environment, identifier=identifier).update(here=True, damage="")
        files = count_text(len(brought), f"file of {identifier} was", f"files of {identifier} were")
        return f"{files} brought back from {vault.name}."
    raise BackupDamaged(" ".join(said) or f"{environment.name} has no off-site vault that could have a copy.")


@dataclass(frozen=True)
class Found:
    """What a look into an off-site vault found: backups new to the catalogue, sentences about unreadable ones, and one
    about the commits, where there are any."""

    added: list[str]
    problems: list[str]
    commits: str = ""


def reindex(vault: OffsiteVault) -> Found:
    """Enter in the catalogue what is there and not known here; it is fetched when it is needed. The commits since the
    newest backup are fetched at once."""
    environment = vault.environment
    known = set(Backup.objects.filter(environment=environment).values_list("identifier", flat=True))
    added, problems = [], []
    with shelf_of(vault) as shelf:
        there = copies.identifiers(shelf)
        for identifier in [each for each in there if each not in known]:
            try:
                _enter(environment, shelf, identifier)
                added.append(identifier)
            except (OpsError, UnicodeDecodeError) as error:
                problems.append(f"{identifier}: {error}")
        note_copies(vault, set(there))
        commits = log_rescues.bring_newest(environment, shelf)
    return Found(added, problems, commits)


def _enter(environment: Environment, shelf: Shelf, identifier: str) -> None:
    data = copies.read(shelf, copies.manifest_name(identifier))
    manifest = manifests.loads(data.decode(), selectors.keyring())
    if manifest.identifier != identifier:
        raise BackupDamaged(f"its manifest is that of {manifest.identifier}.")
    backup = storing.catalogue(environment, None, manifest)
    Backup.objects.filter(pk=backup.pk).update(proof=Proof.STORED, here=False)
