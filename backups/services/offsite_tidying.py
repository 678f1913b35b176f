"""Vaults elsewhere cleared of what the retention let go of here some time ago, and counted (B7, B8)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import cast

from django.utils import timezone

from backups import selectors
from backups.errors import NotAllowed
from backups.models import Backup, LetGo, LogFollowing, OffsiteVault, Replica
from backups.services import housekeeping, offsite, offsite_sizes
from backups.vault.clearing import Clearable, Cleared, Clearing
from backups.vault.entries import Entry
from backups.vault.replication import OutOfTime
from backups.wal.log import LOG
from backups.wal.parts import of_name, past
from smsops.errors import WrongUse
from smsops.models import Environment, Run
from smsops.runs.plan import By, Plan, submit
from smsops.text import bytes_text, count_text

REMEMBERED = timedelta(days=730)  # a backup that was let go of, beyond the longest grace: a lock may last as long


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


def _clear(vault: OffsiteVault, guard: Callable[[], None], *, dry: bool = False, seconds: float = math.inf) -> Cleared:
    local, deadline = selectors.vault_of(vault.environment), monotonic() + seconds

    def in_time() -> None:
        guard()
        if monotonic() > deadline:
            raise OutOfTime

    with offsite.shelf_of(vault) as shelf:
        target = cast(Clearable, shelf)
        before = _grace(vault).timestamp()
        clearing = Clearing(target, local.shelf, local.keys, going(vault), before, in_time, dry)
        try:
            clearing.run()
            clearing.clear_parts(_old_parts(vault, target))
        except NotAllowed:
            clearing.done.stays.append("The credentials there may not remove anything, so it stays.")
        except OutOfTime:
            clearing.done.more = True
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


def tidy(vault: OffsiteVault, guard: Callable[[], None], seconds: float = math.inf) -> Cleared:
    """Clear the vault where that is wanted, for so many seconds at the most; what went.

    `guard` is called before anything is removed and may raise. Killed in between, the next one goes on.
    """
    if not vault.tidy:
        return Cleared()
    cleared = _clear(vault, guard, seconds=seconds)
    _forget(vault, cleared.backups)
    return cleared


def conclude(vault: OffsiteVault, went: str) -> str:
    """Count what is there now, and write down that the vault was looked after; what is there, in a sentence."""
    said = f"{went} {offsite_sizes.measure(vault)}".strip()
    OffsiteVault.objects.filter(pk=vault.pk).update(tidied_at=timezone.now(), tidied=said, sizes=vault.sizes)
    return said


def forget(environment: Environment) -> int:
    """Forget what was let go of so long ago that every vault has been cleared of it; return how many those were."""
    graces = OffsiteVault.objects.filter(environment=environment).values_list("grace_days", flat=True)
    before = timezone.now() - REMEMBERED - timedelta(days=max(graces, default=0))
    return LetGo.objects.filter(environment=environment, at__lt=before).delete()[0]


def _forget(vault: OffsiteVault, names: list[str]) -> None:
    """These copies are gone; a backup that is nowhere any more has no card in the catalogue."""
    backups = Backup.objects.filter(environment_id=vault.environment_id, identifier__in=names)
    Replica.objects.filter(vault=vault, backup__in=backups).delete()
    backups.filter(here=False, replicas=None).delete()


def told(found: Cleared, earlier: Sequence[int] = (0, 0, 0, 0), *, done: bool = False) -> str:
    """What goes, or went, in a few sentences; `earlier` is what went before in the same run, as `added` counts."""
    backups, packs, parts, size = added(found, earlier)
    what = f"{count_text(backups, 'backup')}, {count_text(packs, 'pack')} and {count_text(parts, 'file')} of commits"
    said = [f"{what} {'were' if done else 'are'} removed: {bytes_text(size)}."]
    if found.locked:
        said.append(f"Still locked, and left there until that ends: {count_text(found.locked, 'file')}.")
    return " ".join([*said, *found.stays])


def added(found: Cleared, earlier: Sequence[int]) -> list[int]:
    """How many backups, packs, files of commits and bytes went, together with those that went earlier."""
    counts = (len(found.backups), len(found.packs), len(found.parts), found.bytes)
    return [now + before for now, before in zip(counts, earlier, strict=True)]
