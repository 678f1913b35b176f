"""Copies of the backups in vaults elsewhere: kept up and looked after (B8)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from backups import selectors
from backups.models import Backup, OffsiteVault, Replica
from backups.services.lags import waiting
from backups.vault import copies
from backups.vault.remote import Site, opened
from backups.vault.replication import Report, Sampling, replicate
from backups.vault.shelf import Shelf
from smsops.errors import OpsError, WrongUse
from smsops.models import ACTIVE, Environment, Run
from smsops.runs.plan import By, Plan, PlannedStep, submit
from smsops.text import count_text

KIND = "replication"
LONGEST_PAUSE = timedelta(hours=1)  # after failures
TIDY_AGAIN = timedelta(hours=23)  # so often it is counted, and cleared where that is wanted
LOOK_AGAIN = timedelta(hours=6)  # so often older copies are read back where nothing new is to be copied


def site_of(vault: OffsiteVault) -> Site:
    """The vault's row as plain values."""
    return Site(
        kind=vault.kind,
        bucket=vault.bucket,
        address=vault.address,
        prefix=vault.prefix or vault.environment.name,
        user=vault.user,
        secret=vault.secret,
        region=vault.region,
        host_key=vault.host_key,
        lock_days=vault.lock_days,
        lock_mode=vault.lock_mode,
    )


@contextlib.contextmanager
def shelf_of(vault: OffsiteVault) -> Iterator[Shelf]:
    """The vault's shelf. OpsError, its secret taken out, when it cannot be reached."""
    try:
        with opened(site_of(vault)) as shelf:
            yield shelf
    except OpsError as error:
        if vault.secret and vault.secret in str(error):
            raise OpsError(error.message.replace(vault.secret, "***"), transient=error.transient) from None
        raise


def find(environment: Environment, name: str) -> OffsiteVault:
    """The off-site vault of that name; WrongUse naming the known ones."""
    found = OffsiteVault.objects.filter(environment=environment, name=name).select_related("environment").first()
    if found is None:
        known = ", ".join(environment.offsite_vaults.values_list("name", flat=True)) or "none yet"
        raise WrongUse(f"{environment.name} has no off-site vault “{name}”; known are {known}.")
    return found


def plan(vault: OffsiteVault, *, tidy: bool = False) -> Plan:
    """What copying to the vault would do; once a day, or with `tidy`, it is counted and cleared behind that."""
    count = waiting(vault).count()
    tidy = tidy or vault.tidied_at is None or timezone.now() - vault.tidied_at > TIDY_AGAIN
    cleared = "Nothing there is changed or removed."
    if vault.tidy and tidy:
        cleared = "What is past its time there is removed."
    return Plan(
        kind=KIND,
        title=f"Copy backups of {vault.environment.name} to {vault.name}",
        environment=vault.environment,
        steps=(PlannedStep("offsite.copy"), *([PlannedStep("offsite.tidy")] if tidy else [])),
        params={"vault": vault.pk},
        exclusive=False,
        notes=(
            f"{count_text(count, 'backup is', 'backups are')} not there yet; only what they do not share is sent.",
            f"Some older copies are read back and compared. {cleared} SMS is not touched.",
        ),
    )


def request(vault: OffsiteVault, by: By) -> Run:
    """Queue a run that copies; WrongUse while one is under way there."""
    if active(vault):
        raise WrongUse(f"Backups of {vault.environment.name} are being copied to {vault.name} already.")
    return submit(plan(vault), by)


def active(vault: OffsiteVault) -> bool:
    """Whether a run is copying there."""
    runs = Run.objects.filter(environment_id=vault.environment_id, kind=KIND, state__in=ACTIVE)
    return any(run.params.get("vault") == vault.pk for run in runs)


def due() -> list[OffsiteVault]:
    """Vaults something should be copied to now. After failures the pauses grow, up to an hour."""
    now, found = timezone.now(), []
    for vault in OffsiteVault.objects.filter(enabled=True).select_related("environment"):
        last = Run.objects.filter(environment=vault.environment, kind=KIND).order_by("-pk").first()
        pause = min(LONGEST_PAUSE, timedelta(minutes=2**vault.failures)) if vault.failures else timedelta()
        if last is not None and now - (last.finished_at or now) < pause:
            continue
        fresh = vault.copied_at is not None and now - vault.copied_at < LOOK_AGAIN
        if (waiting(vault).exists() or not fresh) and not active(vault):
            found.append(vault)
    return found


def copy(vault: OffsiteVault, seconds: float) -> Report:
    """Copy for so many seconds at the most, and write down what is there now."""
    work = Path(settings.SMSOPS_WORK_DIR) / "offsite" / str(vault.pk)
    local = selectors.vault_of(vault.environment)
    with shelf_of(vault) as shelf, local.in_use():
        report = replicate(
            local.shelf, shelf, local.keys, work, Sampling(turn=vault.turn, reads=vault.read_back), seconds=seconds
        )
        note_copies(vault, set(copies.identifiers(shelf)))
    return report


def note_copies(vault: OffsiteVault, there: set[str]) -> None:
    """Which backups are there, as rows."""
    backups = Backup.objects.filter(environment_id=vault.environment_id, identifier__in=there)
    now = timezone.now()
    Replica.objects.bulk_create(
        [Replica(backup=backup, vault=vault, seen_at=now) for backup in backups],
        update_conflicts=True,
        unique_fields=["backup", "vault"],
        update_fields=["seen_at"],
    )
    Replica.objects.filter(vault=vault).exclude(backup__identifier__in=there).delete()


def note_success(vault: OffsiteVault) -> None:
    """A run copied everything and found nothing wrong."""
    OffsiteVault.objects.filter(pk=vault.pk).update(
        copied_at=timezone.now(), failures=0, problem="", turn=F("turn") + 1
    )


def note_failure(vault: OffsiteVault, problem: str) -> None:
    """A run did not get through, or found damage."""
    OffsiteVault.objects.filter(pk=vault.pk).update(failures=F("failures") + 1, problem=problem, turn=F("turn") + 1)
