"""The few environments that are shown in full, and their copies elsewhere, in two questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from backups import selectors
from backups.models import LogFollowing, OffsiteVault
from backups.services import forecast, lags, log_lags, schedule
from backups.services.forecast import Breach
from incidents.dashboard.standings import Standing, disturbed
from incidents.dashboard.strips import Ended
from smsops.models import Environment, Run, RunState
from smsops.text import seconds_text


@dataclass(frozen=True)
class Copy:
    """How far the copies in one off-site vault are."""

    vault: OffsiteVault
    said: str
    late: bool
    detail: str


@dataclass(frozen=True)
class Card:
    """`environment` has the annotations of `_annotated`; `runs` are its last backup runs, oldest first."""

    standing: Standing
    environment: Any
    runs: Sequence[Ended] = ()
    copies: Sequence[Copy] = ()
    buttons: Sequence[dict[str, str]] = ()
    breach: Breach | None = field(default=None)

    @property
    def following(self) -> LogFollowing | None:
        """How its log is followed, where it is."""
        row: LogFollowing | None = getattr(self.environment, "log_following", None)
        return row if row is not None and row.enabled else None

    @property
    def paused(self) -> str:
        """Why backups are not taken for now; empty where they are."""
        planned = schedule.of(self.environment)
        return planned.pause_reason if planned.paused else ""

    @property
    def next_backup(self) -> datetime | None:
        """When the next scheduled backup is due; None where they are off."""
        return schedule.due_after(schedule.of(self.environment), self.environment.last_start)

    @property
    def next_is_due(self) -> bool:
        return self.next_backup is not None and self.next_backup <= timezone.now()


_OF_BACKUP = ("pk", "taken_at", "size", "stored_size", "row_counts", "proof")


def environments(places: Sequence[int]) -> dict[int, Any]:
    """Those environments with what their cards say, by id, in one query."""
    found = _annotated(Environment.objects.filter(pk__in=places)) if places else ()
    return {environment.pk: environment for environment in found}


def environment(name: str) -> Any:
    """The one of that name, in one query; None where there is none."""
    return _annotated(Environment.objects.filter(name=name)).first()


def _annotated(found: QuerySet[Environment]) -> QuerySet[Environment, Any]:
    good = selectors.good().filter(selectors.datable(), environment=OuterRef("pk")).order_by("-taken_at")
    columns = {name: Subquery(good.values(name)[:1]) for name in _OF_BACKUP}
    last = {kind: _last(kind) for kind in ("restore_test", "drill")}
    return (
        forecast.prepared(found)
        .select_related("watch", "log_following", "schedule")
        .annotate(
            **{f"backup_{name}": column for name, column in columns.items()},
            **{f"last_{kind}": column for kind, column in last.items()},
            changing=disturbed(),
        )
    )


def _last(kind: str) -> Subquery:
    done = Run.objects.filter(environment=OuterRef("pk"), kind=kind, state=RunState.SUCCEEDED)
    return Subquery(done.order_by("-created_at").values("finished_at")[:1])


def copies(places: Sequence[int]) -> dict[int, list[Copy]]:
    """The copies elsewhere by environment, in one query."""
    found: dict[int, list[Copy]] = defaultdict(list)
    for vault, lag in lags.standings(places) if places else []:
        trouble = log_lags.problem_of(vault)
        late = lag > vault.allowed_lag or bool(vault.problem or trouble)
        said = f"{seconds_text(lag.total_seconds())} behind" if lag else "up to date"
        found[vault.environment_id].append(Copy(vault, said, late, vault.problem or trouble or log_lags.said(vault)))
    return dict(found)
