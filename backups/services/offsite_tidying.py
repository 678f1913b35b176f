"""Vaults elsewhere cleared of what the retention let go of here some time ago, and counted (B7, B8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from django.utils import timezone

from backups import selectors
from backups.errors import NotAllowed
from backups.models import Backup, LetGo, LogFollowing, OffsiteVault, Replica
from backups.services import housekeeping, offsite, offsite_sizes
from backups.vault.clearing import Clearable, Cleared, Clearing
from backups.vault.entries import Entry
from backups.wal.log import LOG
from backups.wal.parts import of_name, past
from smsops.errors import WrongUse
from smsops.models import Run
from smsops.runs.plan import By, Plan, submit
from smsops.text import bytes_text, count_text


def going(vault: OffsiteVault) -> set[str]:
    """The backups the retention let go of at least the vault's grace ago, and nobody needs or has here again."""
    past_grace = LetGo.objects.filter(environment_id=vault.environment_id, at__lte=_grace(vault))
    here = Backup.objects.filter(environment_id=vault.environment_id, here=True).values_list("identifier", flat=True)
    names = set(past_grace.values_list("identifier", flat=True))
    return names - set(here) - housekeeping.needed(vault.environment)


def _grace(vault: OffsiteVault) -> datetime:
    return timezone.now() - timedelta(days=vault.grace_days)


def preview(vault: OffsiteVault) -> Cleared:
    """What clearing would remove there now; changes nothing. OpsError when the vault cannot be reached."""
    return _clear(vault, lambda: None, dry=True)


def _clear(vault: OffsiteVault, guard: Callable[[], None], *, dry: bool) -> Cleared:
    local = selectors.vault_of(vault.environment)
    with offsite.shelf_of(vault) as shelf, local.in_use():
        target = cast(Clearable, shelf)
        before = _grace(vault).timestamp()
        clearing = Clearing(target, local.shelf, local.keys, going(vault), before, guard, dry)
        try:
            clearing.run()
            clearing.clear_parts(_old_parts(vault, target))
        except NotAllowed:
            clearing.done.stays.append("The credentials there may not remove anything, so it stays.")
        return clearing.done


def _old_parts(vault: OffsiteVault, shelf: Clearable) -> list[Entry]:
    """The files of the log that are older than commits are kept, and the grace with it."""
    row = LogFollowing.objects.filter(environment_id=vault.environment_id).first()
    if row is None:
        return []
    horizon = int((_grace(vault) - timedelta(days=row.keep_days)).timestamp() * 1000)
    entries = {entry.name: entry for entry in shelf.below(LOG)}
    return [entries[part.name] for part in past(filter(None, map(of_name, entries)), horizon)]


def plan(vault: OffsiteVault) -> Plan:
    """What clearing would do, behind copying what is not there yet. WrongUse where it is not wanted there."""
    if not vault.tidy:
        raise WrongUse(
            f"Nothing is ever removed from {vault.name}: so its settings say.",
            fix="Switch on “remove what is past its time” on its page, or let the bucket's own rules do it.",
        )
    found, base = preview(vault), offsite.plan(vault, tidy=True)
    notes = (base.notes[0], f"Then {told(found)}", "SMS is not touched.")
    title = f"Remove from {vault.name} what is past its time"
    return replace(base, title=title, notes=notes, params={**base.params, "at_once": True})


def request(vault: OffsiteVault, by: By) -> Run:
    """Queue a run that clears; WrongUse while something is being copied there."""
    if offsite.active(vault):
        raise WrongUse(f"Backups of {vault.environment.name} are being copied to {vault.name} just now.")
    return submit(plan(vault), by)


def tidy(vault: OffsiteVault, guard: Callable[[], None]) -> str:
    """Clear the vault where that is wanted, count what is left, and write both down; what was done, in a sentence.

    `guard` is called before anything is removed and may raise. Killed in between, the next one goes on.
    """
    said = ""
    if vault.tidy:
        cleared = _clear(vault, guard, dry=False)
        _forget(vault, cleared.backups)
        said = told(cleared, done=True)
    said = f"{said} {offsite_sizes.measure(vault)}".strip()
    OffsiteVault.objects.filter(pk=vault.pk).update(tidied_at=timezone.now(), tidied=said, sizes=vault.sizes)
    return said


def _forget(vault: OffsiteVault, names: list[str]) -> None:
    """These copies are gone; a backup that is nowhere any more has no card in the catalogue."""
    backups = Backup.objects.filter(environment_id=vault.environment_id, identifier__in=names)
    Replica.objects.filter(vault=vault, backup__in=backups).delete()
    backups.filter(here=False, replicas=None).delete()


def told(found: Cleared, *, done: bool = False) -> str:
    """What goes, or went, in a few sentences."""
    what = f"{count_text(len(found.backups), 'backup')}, {count_text(len(found.packs), 'pack')} and "
    what += f"{count_text(len(found.parts), 'file')} of commits"
    verb = "were removed" if done else "are removed"
    said = [f"{what} {verb}: {bytes_text(found.bytes)}."]
    if found.locked:
        said.append(f"Still locked, and left there until that ends: {count_text(found.locked, 'file')}.")
    return " ".join([*said, *found.stays])
