"""How far each off-site vault is behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, QuerySet, Subquery
from django.utils import timezone

from backups.models import Backup, OffsiteVault, Replica


def waiting(vault: OffsiteVault) -> QuerySet[Backup]:
    """The good backups that have no copy there yet, oldest first."""
    good = Backup.objects.filter(environment_id=vault.environment_id, damage="", here=True)
    return good.exclude(replicas__vault=vault).order_by("taken_at")


def of(vault: OffsiteVault) -> timedelta:
    """How long the oldest backup that is not there has been waiting; zero when all are."""
    return lag_of(measured(OffsiteVault.objects.filter(pk=vault.pk)).get())


def measured(vaults: QuerySet[OffsiteVault]) -> QuerySet[OffsiteVault]:
    """The same vaults, each with `oldest`: when the oldest backup that is not there was taken."""
    there = Replica.objects.filter(vault=OuterRef(OuterRef("pk")), backup=OuterRef("pk"))
    good = Backup.objects.filter(environment=OuterRef("environment"), damage="", here=True)
    # The least, and not the first in order: PostgreSQL would go through them one by one, expecting to find one soon,
    # where as a rule all are there.
    missing = good.exclude(Exists(there)).order_by().values("environment")
    return vaults.annotate(oldest=Subquery(missing.annotate(least=Min("taken_at")).values("least")))


def standings(places: Sequence[int] | None = None) -> list[tuple[OffsiteVault, timedelta]]:
    """Every off-site vault in use, or those of some environments, and its lag, in one query."""
    found = OffsiteVault.objects.filter(enabled=True)
    found = found if places is None else found.filter(environment__in=places)
    vaults = measured(found.select_related("environment__log_following"))
    return [(vault, lag_of(vault)) for vault in vaults]


def lag_of(vault: OffsiteVault) -> timedelta:
    """The lag of a measured vault."""
    oldest: datetime | None = vault.oldest  # type: ignore[attr-defined]
    return timezone.now() - oldest if oldest else timedelta()
