"""How much is in a vault elsewhere, and how it grows (B7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import cast

from django.utils import timezone

from backups.models import OffsiteVault
from backups.services import offsite
from backups.vault.entries import Listing, volume
from backups.vault.lines import PACKS
from backups.vault.store import BACKUPS
from backups.wal.log import LOG
from smsops.text import bytes_text, count_text

DAYS = 60  # of sizes that are remembered


def measure(vault: OffsiteVault) -> str:
    """Count what is there and note it for today in the row, which is not saved; a sentence."""
    with offsite.shelf_of(vault) as shelf:
        target = cast(Listing, shelf)
        files, commits = [*target.below(BACKUPS), *target.below(PACKS)], target.below(LOG)
    day, sizes = f"{timezone.now():%Y-%m-%d}", (volume(files), volume(commits))
    found = [day, *sizes, len(files) + len(commits)]
    vault.sizes = [*(each for each in vault.sizes if each[0] != day), found][-DAYS:]
    return f"{bytes_text(sizes[0])} of backups and {bytes_text(sizes[1])} of commits are there."


@dataclass(frozen=True)
class Size:
    """What is in a vault elsewhere, in bytes, and by how many it grows in a day; None where that is not known yet."""

    backups: int
    commits: int
    files: int
    growth: float | None

    @property
    def whole(self) -> int:
        return self.backups + self.commits


def of(vault: OffsiteVault) -> Size | None:
    """What was counted there last, and how it grew in the week before; None where nobody has counted yet."""
    if not vault.sizes:
        return None
    week = vault.sizes[-8:]
    days = [datetime.fromisoformat(each[0]) for each in week]
    span = (days[-1] - days[0]).days
    steps = [after[1] + after[2] - before[1] - before[2] for before, after in pairwise(week)]
    backups, commits, files = week[-1][1:4]
    return Size(backups, commits, files, sum(steps) / span if span else None)


def text_of(vault: OffsiteVault) -> str:
    """The same in words."""
    found = of(vault)
    if found is None:
        return "not counted yet"
    files = count_text(found.files, "file")
    said = f"{bytes_text(found.backups)} of backups, {bytes_text(found.commits)} of commits, {files}"
    if found.growth is None:
        return said
    sign = "more" if found.growth >= 0 else "less"
    return f"{said}; {bytes_text(abs(found.growth))} {sign} each day"
