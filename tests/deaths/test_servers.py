"""kill -9 of smsops' own database and broker at the boundaries of deploy, schema rollback and restore."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.conf import settings

from smsops import tasks
from smsops.models import RunState
from tests.backups.clusters import Cluster
from tests.brokers import Redis, bells_through
from tests.deaths.runs import ALL, GRADES, OLD, after
from tests.deaths.victims import Strikes, drive
from tests.places import Place

pytestmark = pytest.mark.slow
EACH = "SMSOPS_TEST_KILLS" in os.environ  # at each boundary, which takes minutes; else at every third


@pytest.mark.postgres
def test_runs_go_on_by_themselves_when_their_database_dies_at_boundaries(sms: Place, rows: Cluster) -> None:
    assert sms.deploy(OLD).state == RunState.SUCCEEDED
    grades = sms.ask(GRADES)
    for begin, version in ALL.items():
        run, strikes = begin(sms), Strikes(rows, every=1 if EACH else 3)
        with strikes.falling():
            drive(run)
        assert after(run, sms) == (RunState.SUCCEEDED, version, True, grades, set()), run.headline
        assert len(strikes.at) >= 30


@pytest.fixture
def bell(broker: Redis) -> Iterator[Redis]:
    """The Redis, as the broker of this process."""
    with bells_through(broker):
        yield broker


@pytest.mark.redis
def test_runs_go_on_by_themselves_when_their_broker_dies_at_every_boundary(
    process_place: Place, bell: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert process_place.deploy(OLD).state == RunState.SUCCEEDED
    monkeypatch.setattr(settings, "SMSOPS_SLICE_SECONDS", 0.0)  # every action is a delivery, and rings for the next
    grades = process_place.ask(GRADES)
    for begin, version in ALL.items():
        run, strikes = begin(process_place), Strikes(bell)
        with strikes.falling():
            drive(run, deliver=tasks.tick)
        assert after(run, process_place) == (RunState.SUCCEEDED, version, True, grades, set()), run.headline
        assert len(strikes.at) >= 30
