"""What a clock that was set back left behind: times ahead of now are not recent, and nothing waits for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from smsops import wall_clock
from smsops.models import Environment, Lease, Run
from smsops.runs import leases, reaper
from tests.places import wait_for
from tests.smsops.stages import Stage, queue

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("seconds", "recent"), [(0, True), (-59, True), (-61, False), (4, True), (6, False), (3600, False), (None, False)]
)
def test_recent_is_what_happened_a_moment_ago_and_nothing_that_lies_ahead(seconds: float | None, recent: bool) -> None:
    now = timezone.now()
    at = None if seconds is None else now + timedelta(seconds=seconds)
    assert wall_clock.lately(at, MINUTE, now) is recent
    assert wall_clock.ahead(at, now) is (seconds is not None and seconds > 5)


@pytest.mark.django_db
def test_a_lease_of_before_counts_from_now(settings: Settings) -> None:
    settings.SMSOPS_LEASE_SECONDS = 2
    Lease.objects.create(scope="alerts:1", expires_at=timezone.now() + HOUR)
    assert leases.claim("alerts:1") is None
    assert wait_for(lambda: leases.claim("alerts:1"), "the lease").token == 1


@pytest.mark.django_db
def test_a_run_that_waits_for_a_time_of_before_is_rung_for(
    environment: Environment, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(reaper, "ring", lambda run, **_: rung.append(run.pk))
    run = queue(environment, "look")
    Run.objects.update(next_tick_at=timezone.now() + HOUR)
    reaper.sweep()
    assert rung == [run.pk]
