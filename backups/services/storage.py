"""How large a vault is, will be, and when its disk is full, if backups go on as in the last week (B7)."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from django.db.models import Avg, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from backups import selectors
from backups.models import Backup
from backups.services import housekeeping, logs, schedule
from smsops.models import Environment


@dataclass(frozen=True)
class Storage:
    """A vault's size and where it goes; sizes in bytes. `full` is in how long the disk is full, None if never."""

    size: int
    backups: int
    raw: int  # what the same backups would be without sharing and compression
    free: int
    settled: int  # the size once as many backups are kept as the policy says
    full: timedelta | None

    @property
    def ratio(self) -> float:
        """How many times smaller the vault is than what is in it."""
        return self.raw / self.size if self.size else 0.0


def of(environment: Environment) -> Storage:
    """How large the vault is and will be, if backups go on as in the last week."""
    vault, rows = selectors.vault_of(environment), Backup.objects.filter(environment=environment, here=True)
    size = vault.size() + logs.of(environment).size()
    lately = rows.filter(taken_at__gt=timezone.now() - timedelta(days=7))
    mean = lately.aggregate(mean=Avg("stored_size"))["mean"] or 0.0
    per_day = mean * (timedelta(days=1) / schedule.of(environment).hours.usual)
    policy = housekeeping.policy_of(environment)
    settled = max(size, int(per_day * policy.keep_days))
    free = shutil.disk_usage(_existing(vault.shelf.root)).free
    grows = settled - size
    return Storage(
        size=size,
        backups=rows.count(),
        raw=rows.aggregate(raw=Sum("size"))["raw"] or 0,
        free=free,
        settled=settled,
        full=timedelta(days=free / per_day) if per_day and grows > free else None,
    )


def by_day(environment: Environment, days: int = 30) -> list[tuple[date, int]]:
    """Bytes of the backups that are here which were taken until the end of each day (UTC), oldest first; one query."""
    first = datetime.now(UTC).date() - timedelta(days=days - 1)
    rows = Backup.objects.filter(environment=environment, here=True).order_by()
    taken: dict[date, int] = defaultdict(int)
    by_date = rows.annotate(day=TruncDate("taken_at", tzinfo=UTC)).values_list("day")
    for day, stored in by_date.annotate(stored=Sum("stored_size")):
        taken[max(day, first)] += stored or 0
    grown = accumulate(taken[first + timedelta(days=number)] for number in range(days))
    return [(first + timedelta(days=number), size) for number, size in enumerate(grown)]


def _existing(path: Path) -> Path:
    return path if path.exists() or path.parent == path else _existing(path.parent)
