"""How every environment is, in one question and few values each: there may be a thousand (U3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from backups import selectors as backups
from incidents.models import Watch
from incidents.models.watch import FRESH, UNKNOWN, word_of
from smsops import wall_clock
from smsops.models import ACTIVE, Environment, Run

CHANGING = "being changed"
AWAY = frozenset({"down", "unhealthy", "not ready"})
_FIELDS = (
    "pk", "name", "title", "rpo_minutes", "backups_enabled",
    "watch__looked_at", "watch__status", "watch__ready", "watch__release", "watch__since", "watch__detail", "newest",
    "changing",
)  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """One environment. `backup_at` is the moment its newest good backup is from, by which the RPO is judged; `changing`
    whether a run disturbs SMS now, while which the watcher asks it nothing. What is said of it is asked for again and
    again of each of a thousand, and never changes: `now` is the moment it was read."""

    pk: int
    name: str
    title: str
    rpo_minutes: int
    backups_enabled: bool
    looked_at: datetime | None
    status: str
    ready: bool
    release: str
    since: datetime | None
    detail: str
    backup_at: datetime | None
    changing: bool
    now: datetime

    @property
    def label(self) -> str:
        return self.title or self.name

    @cached_property
    def health(self) -> str:
        """One word, like Watch.word; what is being changed is not said to be as it was before."""
        if self.changing and self.fresh:
            return CHANGING
        return word_of(self.looked_at, self.status, self.ready, self.now)

    @cached_property
    def fresh(self) -> bool:
        return wall_clock.lately(self.looked_at, FRESH, self.now)

    @cached_property
    def away(self) -> bool:
        """Whether SMS was seen not to serve."""
        return self.health in AWAY

    @cached_property
    def late(self) -> bool:
        """Whether there is no good backup younger than the RPO (runbook §6.1)."""
        return self.backup_at is None or self.now - self.backup_at > timedelta(minutes=self.rpo_minutes)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong with what was measured; where no SMS is installed nothing can be."""
        return self.health in ("healthy", "absent") and not self.late


def read(name: str = "") -> list[Standing]:
    """All of them by name, or the one of that name. A backup from the future counts for nothing: nobody can say how old
    it is."""
    good = backups.good().filter(backups.datable(), environment=OuterRef("pk")).order_by("-taken_at")
    newest = Subquery(good.values("taken_at")[:1])
    found = Environment.objects.order_by("name").annotate(newest=newest, changing=disturbed())
    rows = (found.filter(name=name) if name else found).values_list(*_FIELDS)
    now = timezone.now()
    return [_standing(row, now) for row in rows]


def _standing(row: tuple[Any, ...], now: datetime) -> Standing:
    pk, name, title, rpo, enabled, looked, status, ready, release, since, detail, newest, changing = row
    return Standing(
        pk, name, title, rpo, enabled, looked, status or UNKNOWN, bool(ready), release or "", since, detail or "",
        newest, changing, now,
    )  # fmt: skip


def disturbed() -> Exists:
    """Whether a run that disturbs SMS is under way."""
    return Exists(Run.objects.filter(environment=OuterRef("pk"), disturbs=True, state__in=ACTIVE))


def of(environment: Any) -> Standing:
    """The same of one environment that was read with what its card says (incidents/dashboard/cards.py)."""
    watch = getattr(environment, "watch", None) or Watch()
    return Standing(
        environment.pk, environment.name, environment.title, environment.rpo_minutes, environment.backups_enabled,
        watch.looked_at, watch.status, watch.ready, watch.release, watch.since, watch.detail,
        environment.backup_taken_at, environment.changing, timezone.now(),
    )  # fmt: skip


def nobody_looks(found: Iterable[Standing]) -> bool:
    """Whether nobody watches: then every other number on the page is old."""
    standings = list(found)
    return bool(standings) and not any(standing.fresh for standing in standings)
