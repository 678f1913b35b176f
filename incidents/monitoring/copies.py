"""How old the newest good backup is, what has been proven of backups, and how far copies elsewhere are behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from prometheus_client import Metric

from backups import selectors
from backups.models import LogFollowing, Proof
from backups.services import lags, log_lags
from incidents.monitoring.gauges import Gauges
from smsops.models import Environment, Run, RunState

PROVEN = (Proof.CHECKED, Proof.RESTORED, Proof.STARTED)


def families(names: Sequence[str]) -> Iterator[Metric]:
    """In three queries."""
    yield from _backups()
    yield from _logs()
    yield from _offsite()


def _backups() -> Gauges:
    now = timezone.now()
    gauges = Gauges(
        ("environment",),
        rpo_target_seconds="The environment's RPO (runbook 6.1)",
        rpo_breached="Whether there is no good backup younger than the RPO",
        backups_enabled="Whether scheduled backups are on",
        backup_last_timestamp_seconds="The moment the newest good backup is from; adopted ones do not count",
        backup_last_size_bytes="The size of its data",
        backup_verified_timestamp_seconds="The moment the newest backup is from whose data was checked",
        restore_tested_timestamp_seconds="When SMS was last started on a backup, and that was good",
    )
    for row in _environments():
        rpo, newest = row.rpo_minutes * 60, row.newest
        gauges.add(
            row.name,
            rpo_target_seconds=rpo,
            rpo_breached=newest is None or (now - newest).total_seconds() > rpo,
            backups_enabled=row.backups_enabled,
            backup_last_timestamp_seconds=newest,
            backup_last_size_bytes=row.size,
            backup_verified_timestamp_seconds=row.verified,
            restore_tested_timestamp_seconds=row.tested,
        )
    return gauges


def _environments() -> QuerySet[Environment, Any]:
    """Each with what a restore could begin with. What is from the future nobody can date (backups.selectors)."""
    good = selectors.good().filter(selectors.datable(), environment=OuterRef("pk"))
    tests = Run.objects.filter(environment=OuterRef("pk"), kind="restore_test", state=RunState.SUCCEEDED)
    annotated = Environment.objects.annotate(
        newest=Subquery(good.values("taken_at")[:1]),
        size=Subquery(good.values("size")[:1]),
        verified=Subquery(good.filter(proof__in=PROVEN).values("taken_at")[:1]),
        tested=Subquery(tests.order_by("-created_at").values("finished_at")[:1]),
    )
    fields = ("name", "rpo_minutes", "backups_enabled", "newest", "size", "verified", "tested")
    return annotated.values_list(*fields, named=True)


def _logs() -> Gauges:
    gauges = Gauges(
        ("environment",),
        log_followed_timestamp_seconds="Until when every commit was kept, where the log is followed",
        log_loss_seconds="What a disaster would have cost when that was measured last",
    )
    rows = LogFollowing.objects.filter(enabled=True)
    for name, looked_at, loss in rows.values_list("environment__name", "looked_at", "canary_seconds"):
        gauges.add(name, log_followed_timestamp_seconds=looked_at, log_loss_seconds=loss)
    return gauges


def _offsite() -> Gauges:
    gauges = Gauges(
        ("environment", "vault"),
        offsite_lag_seconds="How long the oldest backup that is not in the off-site vault has been waiting",
        offsite_lag_allowed_seconds="How long it may",
        offsite_commits_lag_seconds="How far the commits there are behind, where they are copied",
    )
    for vault, lag in lags.standings():
        gauges.add(
            vault.environment.name, vault.name,
            offsite_lag_seconds=lag,
            offsite_lag_allowed_seconds=vault.allowed_lag,
            offsite_commits_lag_seconds=log_lags.lag_of(vault),
        )  # fmt: skip
    return gauges
